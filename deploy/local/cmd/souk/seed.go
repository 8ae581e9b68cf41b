package main

import (
	"context"
	"fmt"

	"souk/deploy/setup/demo"
	"souk/platform/config"
	"souk/platform/secret"
)

// seedConfig contains the address of a running shop, for example one in docker compose.
type seedConfig struct {
	URL              string      `env:"URL" envDefault:"http://127.0.0.1:8080" redact:"no"`
	StaffEmail       string      `env:"STAFF_EMAIL,required"`
	StaffPassword    secret.Text `env:"STAFF_PASSWORD,required"`
	CustomerPassword secret.Text `env:"DEMO_PASSWORD,required"`
}

func seed(ctx context.Context) error {
	var cfg seedConfig
	if err := config.Load(&cfg); err != nil {
		return err
	}
	shop := demo.Shop{
		URL: cfg.URL, StaffEmail: cfg.StaffEmail, StaffPassword: string(cfg.StaffPassword),
		CustomerEmail: demo.CustomerEmail, CustomerPassword: string(cfg.CustomerPassword),
	}
	imported, err := demo.Fill(ctx, shop, demo.Catalog)
	if err != nil {
		return err
	}
	fmt.Printf("%d products, %d variants; buy a mug:\n\n  %s\n", imported.Products, imported.Variants, demo.BuyCommand(shop))
	return nil
}
