package setup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"souk/deploy/setup/cluster"
)

// DatabasesWithin is the time limit for the database servers to start and be prepared.
const DatabasesWithin = 2 * time.Minute

// PrepareDatabases gives each service a plain role in its database server, with only the rights that the service needs. It
// waits for servers that are still starting, until ctx is done. Running it again is safe.
//
// For services with a MongoDB, it stores the address of the database as a secret of the service, because the address depends on the
// server: see [PrepareMongo].
func (s *Secrets) PrepareDatabases(ctx context.Context, logger *slog.Logger, cfg Config, store Store) error {
	var errs []error
	for _, service := range relational {
		server := service + "-db"
		err := PreparePostgres(ctx, logger, Database{
			Addr: server + ":5432", Service: service, Password: s.Databases[service], Superuser: s.Superusers[server],
		})
		errs = append(errs, named(service, err))
	}
	for service, server := range documental {
		if server == cartsMongo && !cfg.hasCartsMongo() {
			continue
		}
		uri, err := PrepareMongo(ctx, logger, Database{
			Addr: server + ":27017", Service: service, Password: s.Databases[service], Superuser: s.Superusers[server],
		})
		if err == nil {
			err = store(ctx, service, "mongo-uri", string(uri))
		}
		errs = append(errs, named(service, err))
	}
	return errors.Join(errs...)
}

// Store stores a secret of a container.
type Store func(ctx context.Context, container, name, value string) error

// InVolumes stores secrets in the volumes of the containers, below dir.
func InVolumes(dir string) Store {
	return func(_ context.Context, container, name, value string) error {
		return write(filepath.Join(dir, container, name), value, readable)
	}
}

// InCluster stores secrets in the containers' Secrets in Kubernetes, unless they have the secret already.
func InCluster(api *cluster.API) Store {
	return func(ctx context.Context, container, name, value string) error {
		return api.Add(ctx, SecretName(container), map[string]string{name: value})
	}
}

func named(service string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("prepare the database of %s: %w", service, err)
}
