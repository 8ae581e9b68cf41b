// Package app assembles the customers service.
package app

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	accessv1 "souk/proto/gen/souk/access/v1"
	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/platform/audit"
	"souk/platform/config"
	"souk/platform/mongodb"
	"souk/platform/security"
	"souk/platform/service"

	"souk/services/customers/internal/customers"
	"souk/services/customers/internal/grpcapi"
	"souk/services/customers/internal/mongo"
	"souk/services/customers/internal/token"
)

// Config contains customers' settings, read from the environment.
type Config struct {
	Service  service.Config
	Listen   service.Listen `envPrefix:"CUSTOMERS_"`
	Database mongodb.Config `envPrefix:"CUSTOMERS_"`
	// KeyLife is how long a key signs access tokens before the next one takes over.
	KeyLife time.Duration `env:"CUSTOMERS_KEY_LIFE" envDefault:"720h"`
	// StaffEmail and StaffPassword create the first staff account, if there is no account with that e-mail address.
	StaffEmail    string           `env:"STAFF_EMAIL"`
	StaffPassword customers.Secret `env:"STAFF_PASSWORD"`
}

// Validate returns an error that names the invalid setting.
func (c *Config) Validate() error {
	if (c.StaffEmail == "") != (c.StaffPassword == "") {
		return errors.New("SOUK_STAFF_EMAIL and SOUK_STAFF_PASSWORD go together")
	}
	if c.KeyLife < token.MinKeyLife {
		return fmt.Errorf("SOUK_CUSTOMERS_KEY_LIFE is %v; it must be %v at least", c.KeyLife, token.MinKeyLife)
	}
	return nil
}

// gcPercent makes Go collect garbage more often than it does by default (100). Each check of a password needs 19 MiB for a moment, of
// which otherwise three lie about at once. Little else is in memory, so that to collect more often costs next to nothing.
const gcPercent = 25

// Run serves customers until ctx is done.
func Run(ctx context.Context) error {
	var cfg Config
	if err := config.Load(&cfg); err != nil {
		return err
	}
	debug.SetGCPercent(gcPercent)
	svc, err := service.New("customers", cfg.Service, cfg.Listen)
	if err != nil {
		return err
	}
	db, err := mongodb.Open(ctx, cfg.Database, svc.Logger())
	if err != nil {
		return err
	}
	svc.OnStop(func() { _ = db.Client().Disconnect(context.WithoutCancel(ctx)) })
	svc.Require("mongo", func(ctx context.Context) error { return db.Client().Ping(ctx, nil) })
	store := mongo.New(db)
	ctx = security.WithActor(ctx, security.Actor{Service: "customers"}) // what is changed here is changed by the service itself
	var issuer *token.Issuer
	var accounts *customers.Service
	err = mongodb.Await(ctx, svc.Logger(), func(ctx context.Context) (err error) {
		if err := store.Prepare(ctx); err != nil {
			return err
		}
		if issuer, err = token.NewIssuer(ctx, store, cfg.KeyLife); err != nil {
			return err
		}
		accounts = customers.New(store, issuer)
		return cfg.ensureStaff(ctx, accounts, svc.Logger())
	})
	if err != nil {
		return err
	}
	svc.UseKeys(issuer)
	svc.Every(token.RotateEvery, "rotate keys", issuer.Rotate)
	svc.Every(customers.SweepEvery, "sweep", accounts.Sweep)
	svc.Every(customers.UnreachableEvery, "sweep unreachable accounts", accounts.SweepUnreachable)
	svc.Every(customers.LogChangesEvery, "log changes", accounts.LogChanges)
	audit.Register(svc.Server(), store)
	customersv1.RegisterCustomersServiceServer(svc.Server(), grpcapi.New(accounts))
	accessv1.RegisterKeysServiceServer(svc.Server(), grpcapi.NewKeys(issuer))
	return svc.Run(ctx)
}
