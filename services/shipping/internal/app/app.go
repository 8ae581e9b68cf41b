// Package app assembles the shipping service.
package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	shippingv1 "souk/proto/gen/souk/shipping/v1"

	"souk/platform/audit"
	"souk/platform/config"
	"souk/platform/money"
	"souk/platform/pgaudit"
	"souk/platform/pgdb"
	"souk/platform/pgfeed"
	"souk/platform/service"

	"souk/services/shipping/internal/grpcapi"
	"souk/services/shipping/internal/postgres"
	"souk/services/shipping/internal/shipping"
	"souk/services/shipping/internal/simulator"
)

// Config contains shipping's settings, read from the environment.
type Config struct {
	Service  service.Config
	Listen   service.Listen `envPrefix:"SHIPPING_"`
	Database pgdb.Config    `envPrefix:"SHIPPING_"`
	Currency string         `env:"CURRENCY" envDefault:"GBP"`
	// Transit is how long the simulated carrier takes to deliver.
	Transit time.Duration `env:"SHIPPING_TRANSIT" envDefault:"60s"`
}

// Validate returns an error that names the invalid setting.
func (c *Config) Validate() error {
	if _, err := money.Exponent(c.Currency); err != nil {
		return fmt.Errorf("SOUK_CURRENCY: %w", err)
	}
	if c.Transit <= 0 {
		return errors.New("SOUK_SHIPPING_TRANSIT must be above 0")
	}
	return nil
}

// Run serves shipping until ctx is done.
func Run(ctx context.Context) error {
	var cfg Config
	if err := config.Load(&cfg); err != nil {
		return err
	}
	svc, err := service.New("shipping", cfg.Service, cfg.Listen)
	if err != nil {
		return err
	}
	pool, err := pgdb.OpenFor(ctx, svc, cfg.Database, postgres.Migrations)
	if err != nil {
		return err
	}
	parcels := shipping.New(postgres.New(pool), simulator.New(cfg.Transit, time.Now), cfg.Currency)
	svc.Every(shipping.FollowEvery, "follow", parcels.Follow)
	svc.Every(pgdb.MeasureEvery, "measure due parcels", postgres.DueParcels.Measure(pool))
	feed := pgfeed.New(pool, "shipments", "order_id")
	shippingv1.RegisterShippingServiceServer(svc.Server(), grpcapi.New(parcels, feed))
	audit.Register(svc.Server(), pgaudit.New(pool))
	return svc.Run(ctx)
}
