package app

import (
	"context"
	"log/slog"

	"souk/platform/mongodb"
	"souk/platform/pgdb"
	"souk/platform/secret"

	"souk/services/carts/internal/carts"
	"souk/services/carts/internal/mongo"
	"souk/services/carts/internal/postgres"
)

// former is the name of the earlier versions' store.
const former = "mongo"

// copyFrom copies the carts of earlier versions from MongoDB, unless that was done before. It waits for databases that are
// down.
func copyFrom(ctx context.Context, uri secret.URL, store *postgres.Store, logger *slog.Logger) error {
	return pgdb.Await(ctx, logger, func(ctx context.Context) error {
		done, err := store.WasCopied(ctx, former)
		if err != nil || done {
			return err
		}
		db, err := mongodb.Open(ctx, mongodb.Config{URI: uri}, logger)
		if err != nil {
			return err
		}
		defer func() { _ = db.Client().Disconnect(context.WithoutCancel(ctx)) }()
		return mongodb.Await(ctx, logger, func(ctx context.Context) error {
			n, err := store.Copy(ctx, former, func(take func([]carts.Former) error) error { return mongo.Each(ctx, db, take) })
			if err == nil {
				logger.InfoContext(ctx, "carts were copied from MongoDB", "carts", n)
			}
			return err
		})
	})
}
