// Package app assembles the carts service.
package app

import (
	"context"

	cartsv1 "souk/proto/gen/souk/carts/v1"

	"souk/platform/config"
	"souk/platform/pgdb"
	"souk/platform/secret"
	"souk/platform/service"

	"souk/services/carts/internal/carts"
	"souk/services/carts/internal/grpcapi"
	"souk/services/carts/internal/postgres"
)

// Config contains carts' settings, read from the environment.
type Config struct {
	Service  service.Config
	Listen   service.Listen `envPrefix:"CARTS_"`
	Database pgdb.Config    `envPrefix:"CARTS_"`
	// Mongo is the database in which earlier versions stored the carts. They are copied at the first start. Empty means none.
	Mongo secret.URL `env:"CARTS_MONGO_URI"`
}

// Run serves carts until ctx is done.
func Run(ctx context.Context) error {
	var cfg Config
	if err := config.Load(&cfg); err != nil {
		return err
	}
	svc, err := service.New("carts", cfg.Service, cfg.Listen)
	if err != nil {
		return err
	}
	pool, err := pgdb.OpenFor(ctx, svc, cfg.Database, postgres.Migrations)
	if err != nil {
		return err
	}
	store := postgres.New(pool)
	if cfg.Mongo != "" {
		if err := copyFrom(ctx, cfg.Mongo, store, svc.Logger()); err != nil {
			return err
		}
	}
	held := carts.New(store)
	svc.Every(carts.SweepEvery, "sweep", held.Sweep)
	cartsv1.RegisterCartsServiceServer(svc.Server(), grpcapi.New(held))
	return svc.Run(ctx)
}
