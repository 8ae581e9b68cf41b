package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"souk/deploy/setup/demo"
	"souk/platform/certificate"
	"souk/platform/config"
	"souk/platform/secret"
)

// The time limit for a request of the demo.
const answerWithin = time.Minute

type demoConfig struct {
	// Demo is "on" or "off".
	Demo string `env:"DEMO" envDefault:"on"`
	URL  string `env:"URL,required" redact:"no"`
	// URLCert is a file with the gateway's certificate. If it is empty, the system's certificate authorities verify an https
	// URL.
	URLCert      string      `env:"URL_CERT" redact:"no"`
	ClientID     string      `env:"CLIENT_ID,required"`
	ClientSecret secret.Text `env:"CLIENT_SECRET,required"`
	DemoPassword secret.Text `env:"DEMO_PASSWORD,required"`
}

// Validate returns an error that names the invalid setting.
func (c *demoConfig) Validate() error {
	if c.Demo != "on" && c.Demo != "off" {
		return fmt.Errorf("SOUK_DEMO: %q is neither on nor off", c.Demo)
	}
	return nil
}

// fill fills a new shop with the demo catalog, unless Demo is off.
func fill(ctx context.Context) error {
	var cfg demoConfig
	if err := config.Load(&cfg); err != nil {
		return err
	}
	if cfg.Demo == "off" {
		fmt.Println("SOUK_DEMO=off: nothing is filled in")
		return nil
	}
	shop := demo.Shop{
		URL: strings.TrimSuffix(cfg.URL, "/"), ClientID: cfg.ClientID, ClientSecret: string(cfg.ClientSecret),
		CustomerEmail: demo.CustomerEmail, CustomerPassword: string(cfg.DemoPassword),
		Client: &http.Client{Timeout: answerWithin},
	}
	if cfg.URLCert != "" {
		shop.Client.Transport = &http.Transport{TLSClientConfig: certificate.Pinned(cfg.URLCert)}
	}
	imported, filled, err := demo.FillNew(ctx, shop, demo.Catalog)
	if err != nil {
		return err
	}
	if !filled {
		fmt.Println("the shop is not new: it stays as it is")
		return nil
	}
	fmt.Printf("the demo catalog: %d products, %d variants\n", imported.Products, imported.Variants)
	return nil
}
