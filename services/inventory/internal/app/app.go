// Package app assembles the inventory service.
package app

import (
	"context"

	inventoryv1 "souk/proto/gen/souk/inventory/v1"

	"souk/platform/audit"
	"souk/platform/config"
	"souk/platform/pgaudit"
	"souk/platform/pgdb"
	"souk/platform/pgfeed"
	"souk/platform/pgkey"
	"souk/platform/service"

	"souk/services/inventory/internal/grpcapi"
	"souk/services/inventory/internal/inventory"
	"souk/services/inventory/internal/postgres"
)

// Config contains inventory's settings, read from the environment.
type Config struct {
	Service  service.Config
	Listen   service.Listen `envPrefix:"INVENTORY_"`
	Database pgdb.Config    `envPrefix:"INVENTORY_"`
}

// Run serves inventory until ctx is done.
func Run(ctx context.Context) error {
	var cfg Config
	if err := config.Load(&cfg); err != nil {
		return err
	}
	svc, err := service.New("inventory", cfg.Service, cfg.Listen)
	if err != nil {
		return err
	}
	pool, err := pgdb.OpenFor(ctx, svc, cfg.Database, postgres.Migrations)
	if err != nil {
		return err
	}
	stock := inventory.New(postgres.New(pool))
	svc.Every(inventory.SweepEvery, "sweep", stock.Sweep)
	keys := pgkey.NewFor(svc, pool)
	feed := pgfeed.New(pool, "levels", "sku")
	inventoryv1.RegisterInventoryServiceServer(svc.Server(), grpcapi.New(stock, keys, feed))
	audit.Register(svc.Server(), pgaudit.New(pool))
	return svc.Run(ctx)
}
