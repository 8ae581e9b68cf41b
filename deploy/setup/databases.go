package setup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"
)

// DatabasesWithin is the time limit for the database servers to start and be prepared.
const DatabasesWithin = 2 * time.Minute

// PrepareDatabases gives each service a plain role in its database server, with only the rights that the service needs. It
// waits for servers that are still starting, until ctx is done. Running it again is safe.
//
// For services with a MongoDB, it writes the address of the database into the service's volume below dir, because the address
// depends on the server: see [PrepareMongo].
func (s *Secrets) PrepareDatabases(ctx context.Context, logger *slog.Logger, dir string) error {
	var errs []error
	for _, service := range relational {
		server := service + "-db"
		err := PreparePostgres(ctx, logger, Database{
			Addr: server + ":5432", Service: service, Password: s.Databases[service], Superuser: s.Superusers[server],
		})
		errs = append(errs, named(service, err))
	}
	for service, server := range documental {
		uri, err := PrepareMongo(ctx, logger, Database{
			Addr: server + ":27017", Service: service, Password: s.Databases[service], Superuser: s.Superusers[server],
		})
		if err == nil {
			err = write(filepath.Join(dir, service, "mongo-uri"), string(uri), readable)
		}
		errs = append(errs, named(service, err))
	}
	return errors.Join(errs...)
}

func named(service string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("prepare the database of %s: %w", service, err)
}
