// Package app puts the gadgets service together.
package app

import (
	"context"

	gadgetsv1 "souk/proto/gen/souk/gadgets/v1"

	"souk/platform/config"
	"souk/platform/pgdb"
	"souk/platform/pgkey"
	"souk/platform/service"

	"souk/services/gadgets/internal/gadgets"
	"souk/services/gadgets/internal/grpcapi"
	"souk/services/gadgets/internal/postgres"
)

// Config is everything gadgets can be told from outside.
type Config struct {
	Service  service.Config
	Listen   service.Listen `envPrefix:"GADGETS_"`
	Database pgdb.Config    `envPrefix:"GADGETS_"`
}

// Run serves gadgets until ctx is done.
func Run(ctx context.Context) error {
	var cfg Config
	if err := config.Load(&cfg); err != nil {
		return err
	}
	svc, err := service.New("gadgets", cfg.Service, cfg.Listen)
	if err != nil {
		return err
	}
	pool, err := pgdb.OpenFor(ctx, svc, cfg.Database, postgres.Migrations)
	if err != nil {
		return err
	}
	server := grpcapi.New(gadgets.New(postgres.New(pool)), pgkey.NewFor(svc, pool))
	gadgetsv1.RegisterGadgetsServiceServer(svc.Server(), server)
	return svc.Run(ctx)
}
