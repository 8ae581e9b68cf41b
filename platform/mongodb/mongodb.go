// Package mongodb opens a service's MongoDB database.
package mongodb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/connstring"

	"souk/platform/secret"
)

// Config contains the settings of the database.
type Config struct {
	// URI is a connection string with the database as its path: mongodb://host:27017/carts.
	URI secret.URL `env:"MONGO_URI,required"`
}

const (
	// How long an operation waits for a server.
	selectionTimeout = 3 * time.Second
	// The time limit for a ping to a server.
	pingTimeout = 10 * time.Second
)

// clientOptions returns the options of the connection. Whatever the URI says, a write is acknowledged once it is in the journal
// of a majority of the servers. With a weaker setting, an acknowledged write could be lost in a power failure or a failover.
// FerretDB 1 accepts the setting but ignores it; it acknowledges a write when its own database has committed it.
func clientOptions(cfg Config) *options.ClientOptions {
	durable := writeconcern.Majority()
	durable.Journal = new(bool)
	*durable.Journal = true
	return options.Client().ApplyURI(string(cfg.URI)).SetServerSelectionTimeout(selectionTimeout).SetWriteConcern(durable).SetMonitor(newMonitor())
}

// Open connects to the database in the URI and waits while it is down, until ctx is done. Other errors are returned at once.
func Open(ctx context.Context, cfg Config, logger *slog.Logger) (*mongo.Database, error) {
	uri, err := connstring.ParseAndValidate(string(cfg.URI))
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if uri.Database == "" {
		return nil, errors.New("open database: the URI names no database")
	}
	client, err := mongo.Connect(clientOptions(cfg))
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	err = Await(ctx, logger, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, pingTimeout)
		defer cancel()
		return client.Ping(ctx, nil)
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), client.Disconnect(context.WithoutCancel(ctx)))
	}
	return client.Database(uri.Database), nil
}
