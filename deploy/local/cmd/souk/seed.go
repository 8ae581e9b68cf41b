package main

import (
	"context"
	"errors"
	"fmt"

	"souk/deploy/setup/demo"
	"souk/platform/config"
	"souk/platform/secret"
)

// seedConfig contains the address of a running shop, for example one in docker compose.
type seedConfig struct {
	URL              string      `env:"URL" envDefault:"http://127.0.0.1:8080" redact:"no"`
	ClientID         string      `env:"CLIENT_ID" envDefault:"demo"`
	ClientSecret     secret.Text `env:"CLIENT_SECRET"`
	StaffEmail       string      `env:"STAFF_EMAIL"`
	StaffPassword    secret.Text `env:"STAFF_PASSWORD"`
	CustomerPassword secret.Text `env:"DEMO_PASSWORD,required"`
}

// Validate returns an error that names the missing setting.
func (c *seedConfig) Validate() error {
	if c.ClientSecret == "" && (c.StaffEmail == "" || c.StaffPassword == "") {
		return errors.New("SOUK_CLIENT_SECRET is needed, or SOUK_STAFF_EMAIL and SOUK_STAFF_PASSWORD")
	}
	return nil
}

func seed(ctx context.Context) error {
	var cfg seedConfig
	if err := config.Load(&cfg); err != nil {
		return err
	}
	shop := demo.Shop{
		URL: cfg.URL, ClientID: cfg.ClientID, ClientSecret: string(cfg.ClientSecret), StaffEmail: cfg.StaffEmail, StaffPassword: string(cfg.StaffPassword),
		CustomerEmail: demo.CustomerEmail, CustomerPassword: string(cfg.CustomerPassword),
	}
	imported, err := demo.Fill(ctx, shop, demo.Catalog)
	if err != nil {
		return err
	}
	fmt.Printf("%d products, %d variants; buy a mug:\n\n  %s\n", imported.Products, imported.Variants, demo.BuyCommand(shop))
	return nil
}
