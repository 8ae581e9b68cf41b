// Package app puts the payments service together.
package app

import (
	"context"

	paymentsv1 "souk/proto/gen/souk/payments/v1"

	"souk/platform/config"
	"souk/platform/pgdb"
	"souk/platform/service"

	"souk/services/payments/internal/grpcapi"
	"souk/services/payments/internal/payments"
	"souk/services/payments/internal/postgres"
	"souk/services/payments/internal/simulator"
)

// Config is everything payments can be told from outside.
type Config struct {
	Service  service.Config
	Listen   service.Listen `envPrefix:"PAYMENTS_"`
	Database pgdb.Config    `envPrefix:"PAYMENTS_"`
}

// Run serves payments until ctx is done.
func Run(ctx context.Context) error {
	var cfg Config
	if err := config.Load(&cfg); err != nil {
		return err
	}
	svc, err := service.New("payments", cfg.Service, cfg.Listen)
	if err != nil {
		return err
	}
	pool, err := pgdb.Open(ctx, cfg.Database)
	if err != nil {
		return err
	}
	svc.OnStop(pool.Close)
	if err := pgdb.Migrate(ctx, pool, postgres.Migrations); err != nil {
		return err
	}
	svc.Require("postgres", pool.Ping)
	provider := simulator.New(pool, simulator.SlowFor)
	paymentsv1.RegisterPaymentsServiceServer(svc.Server(), grpcapi.New(payments.New(postgres.New(pool), provider)))
	return svc.Run(ctx)
}
