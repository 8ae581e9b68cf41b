// Package app assembles the catalog service.
package app

import (
	"context"
	"fmt"

	catalogv1 "souk/proto/gen/souk/catalog/v1"

	"souk/platform/audit"
	"souk/platform/config"
	"souk/platform/money"
	"souk/platform/pgaudit"
	"souk/platform/pgdb"
	"souk/platform/pgfeed"
	"souk/platform/pgkey"
	"souk/platform/service"

	"souk/services/catalog/internal/catalog"
	"souk/services/catalog/internal/grpcapi"
	"souk/services/catalog/internal/postgres"
)

// Config contains catalog's settings, read from the environment.
type Config struct {
	Service  service.Config
	Listen   service.Listen `envPrefix:"CATALOG_"`
	Database pgdb.Config    `envPrefix:"CATALOG_"`
	// Currency is the shop's currency, an ISO 4217 code.
	Currency string `env:"CURRENCY" envDefault:"GBP"`
}

// Validate returns an error that names the invalid setting.
func (c *Config) Validate() error {
	if _, err := money.Exponent(c.Currency); err != nil {
		return fmt.Errorf("SOUK_CURRENCY: %w", err)
	}
	return nil
}

// Run serves catalog until ctx is done.
func Run(ctx context.Context) error {
	var cfg Config
	if err := config.Load(&cfg); err != nil {
		return err
	}
	svc, err := service.New("catalog", cfg.Service, cfg.Listen)
	if err != nil {
		return err
	}
	pool, err := pgdb.OpenFor(ctx, svc, cfg.Database, postgres.Migrations)
	if err != nil {
		return err
	}
	products := catalog.New(postgres.New(pool), cfg.Currency)
	if err := pgdb.Await(ctx, svc.Logger(), products.Index); err != nil {
		return err
	}
	keys := pgkey.NewFor(svc, pool)
	feed := pgfeed.New(pool, "products", "id")
	catalogv1.RegisterCatalogServiceServer(svc.Server(), grpcapi.New(products, cfg.Currency, keys, feed))
	svc.Every(catalog.AddUpEvery, "add up counts", products.AddUpCounts)
	svc.Every(catalog.CountTitlesEvery, "count titles", products.CountTitles)
	svc.Every(catalog.PublishEvery, "publish products", products.PublishDue)
	svc.Every(catalog.IndexEvery, "index products", products.Index)
	audit.Register(svc.Server(), pgaudit.New(pool))
	return svc.Run(ctx)
}
