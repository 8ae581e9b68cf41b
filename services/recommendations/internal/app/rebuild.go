package app

import (
	"context"
	"log/slog"
	"os"

	"souk/platform/config"
	"souk/platform/pgdb"

	"souk/services/recommendations/internal/postgres"
)

// Rebuild forgets everything that is stored. The running service notices, and reads the sales of orders from the first one.
func Rebuild(ctx context.Context) error {
	var cfg struct {
		Database pgdb.Config `envPrefix:"RECOMMENDATIONS_"`
	}
	if err := config.Load(&cfg); err != nil {
		return err
	}
	logger := slog.New(slog.NewJSONHandler(os.Stderr, nil)).With("service", "recommendations")
	pool, err := pgdb.Open(ctx, cfg.Database, postgres.Migrations, logger)
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := postgres.New(pool).Forget(ctx); err != nil {
		return err
	}
	logger.InfoContext(ctx, "everything is forgotten, and is read again")
	return nil
}
