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

	"souk/platform/access"
	"souk/platform/audit"
	"souk/platform/config"
	"souk/platform/mail"
	"souk/platform/mongodb"
	"souk/platform/security"
	"souk/platform/service"

	"souk/services/customers/internal/customers"
	"souk/services/customers/internal/grpcapi"
	"souk/services/customers/internal/letter"
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
	// StaffSecondFactor is required or optional: whether scopes that move money or grant roles need a second factor.
	StaffSecondFactor string `env:"CUSTOMERS_STAFF_SECOND_FACTOR" envDefault:"required"`
	Mail              mail.Config
	// PagesURL is the URL of the storefront, to which the links in mails lead.
	PagesURL string `env:"CUSTOMERS_PAGES_URL" redact:"no"`
	// IssuerURL names the shop to OAuth clients. Without it, they cannot prove who they are with a private key.
	IssuerURL access.IssuerURL `env:"ISSUER_URL" redact:"no"`
	OpenID    OpenIDEnv        `envPrefix:"OPENID_"`
	Tools     ToolsEnv
}

// Validate returns an error that names the invalid setting.
func (c *Config) Validate() error {
	if (c.StaffEmail == "") != (c.StaffPassword == "") {
		return errors.New("SOUK_STAFF_EMAIL and SOUK_STAFF_PASSWORD go together")
	}
	if c.KeyLife < token.MinKeyLife {
		return fmt.Errorf("SOUK_CUSTOMERS_KEY_LIFE is %v; it must be %v at least", c.KeyLife, token.MinKeyLife)
	}
	if c.StaffSecondFactor != "required" && c.StaffSecondFactor != "optional" {
		return fmt.Errorf("SOUK_CUSTOMERS_STAFF_SECOND_FACTOR: %q is neither required nor optional", c.StaffSecondFactor)
	}
	if err := errors.Join(c.Mail.Validate(), c.OpenID.validate(), c.Tools.validate()); err != nil {
		return err
	}
	if (c.Mail.Addr != "" || c.OpenID.Providers != "") && !config.IsURL(c.PagesURL) {
		return fmt.Errorf(
			"SOUK_CUSTOMERS_PAGES_URL: %q is not a URL as in https://shop.example.com; it is needed with SOUK_SMTP_ADDR and SOUK_OPENID_PROVIDERS", c.PagesURL,
		)
	}
	return nil
}

// sendMails makes accounts send its mails, if there is an SMTP server.
func (c *Config) sendMails(accounts *customers.Service, svc *service.Service) error {
	if c.Mail.Addr == "" {
		svc.Logger().Warn("SOUK_SMTP_ADDR is not set: mails wait in the outbox and are given up", "after", customers.MailLife.String())
		return nil
	}
	sender, err := mail.New(c.Mail)
	if err != nil {
		return err
	}
	accounts.SendThrough(letter.New(sender, c.PagesURL), svc.Logger())
	svc.Every(customers.SendMailsEvery, "send mails", accounts.SendMails)
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
		accounts.AcceptAssertionsFor(cfg.IssuerURL.Audiences())
		if cfg.StaffSecondFactor == "required" {
			accounts.RequireSecondFactor()
		}
		return errors.Join(cfg.ensureStaff(ctx, accounts, svc.Logger()), accounts.EnsureTools(ctx, cfg.Tools.secrets()))
	})
	if err != nil {
		return err
	}
	svc.UseKeys(issuer)
	svc.Every(token.RotateEvery, "rotate keys", issuer.Rotate)
	svc.Every(customers.SweepEvery, "sweep", accounts.Sweep)
	svc.Every(customers.UnreachableEvery, "sweep unreachable accounts", accounts.SweepUnreachable)
	svc.Every(customers.LogChangesEvery, "log changes", accounts.LogChanges)
	svc.Every(customers.EmailChangesEvery, "finish changes of addresses", accounts.FinishEmailChanges)
	svc.Every(customers.SweepEvery, "give up mails", accounts.GiveUpMails)
	svc.Every(customers.SweepSignInsEvery, "sweep sign-ins", accounts.SweepSignIns)
	if err := cfg.offerProviders(accounts); err != nil {
		return err
	}
	if err := cfg.sendMails(accounts, svc); err != nil {
		return err
	}
	audit.Register(svc.Server(), store)
	customersv1.RegisterCustomersServiceServer(svc.Server(), grpcapi.New(accounts))
	customersv1.RegisterSignInServiceServer(svc.Server(), grpcapi.NewSignIn(accounts, cfg.OpenID.secure()))
	customersv1.RegisterStaffServiceServer(svc.Server(), grpcapi.NewStaff(accounts))
	customersv1.RegisterClientsServiceServer(svc.Server(), grpcapi.NewClients(accounts))
	accessv1.RegisterKeysServiceServer(svc.Server(), grpcapi.NewKeys(issuer))
	return svc.Run(ctx)
}
