// Package mongodb is responsible for opening a service's MongoDB database.
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

// Config names the database.
type Config struct {
	// URI is a connection string with the database as its path: mongodb://host:27017/carts.
	URI secret.URL `env:"MONGO_URI,required"`
}

const (
	// How long an operation waits for a server before it fails.
	selectionTimeout = 3 * time.Second
	// A server that was found answers a ping within this time.
	pingTimeout = 10 * time.Second
)

// clientOptions returns how the database is spoken to. Whatever the URI says, a write is acknowledged once it is in the journal of most
// of the servers: those that answer sooner lose it when the power fails or another server takes over. FerretDB 1 takes the
// setting and does not look at it; it acknowledges what its own database has committed.
func clientOptions(cfg Config) *options.ClientOptions {
	durable := writeconcern.Majority()
	durable.Journal = new(bool)
	*durable.Journal = true
	return options.Client().ApplyURI(string(cfg.URI)).SetServerSelectionTimeout(selectionTimeout).SetWriteConcern(durable)
}

// Open connects to the database that the URI names and waits until it answers, or ctx is done. Anything that is wrong other
// than that it is away is an error at once.
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
