package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"souk/platform/audit"
	"souk/platform/config"
	"souk/platform/mongodb"

	"souk/services/customers/internal/customers"
	"souk/services/customers/internal/mongo"
)

const usage = `usage: customers                      serve
       customers staff add EMAIL      open an account of staff
       customers staff promote EMAIL  make an account one of staff, with a new password; its sessions end`

// The time limit of a command for reaching the database.
const commandTimeout = 30 * time.Second

// ensureStaff creates the first staff account, if one is configured. If a customer has an account with that e-mail address, it
// logs an error and changes nothing, because the service must still start for all others.
func (c *Config) ensureStaff(ctx context.Context, accounts *customers.Service, logger *slog.Logger) error {
	if c.StaffEmail == "" {
		return nil
	}
	err := accounts.EnsureStaff(ctx, c.StaffEmail, c.StaffPassword)
	if errors.Is(err, customers.ErrNotStaff) {
		logger.ErrorContext(ctx, "SOUK_STAFF_EMAIL is the e-mail of a customer's account, which is not made one of staff: anyone may have registered it",
			"to_promote_it_anyway", "customers staff promote EMAIL")
		return nil
	}
	if err != nil {
		return fmt.Errorf("SOUK_STAFF_EMAIL and SOUK_STAFF_PASSWORD: %w", err)
	}
	return nil
}

// commandConfig contains the settings of a command.
type commandConfig struct {
	Database mongodb.Config `envPrefix:"CUSTOMERS_"`
}

// Command runs the command in args on the service's database, and writes the result to out.
func Command(ctx context.Context, args []string, out io.Writer) error {
	if len(args) != 3 || args[0] != "staff" || args[1] != "add" && args[1] != "promote" {
		return errors.New(usage)
	}
	var cfg commandConfig
	if err := config.Load(&cfg); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(audit.As(ctx, audit.CommandLine), commandTimeout)
	defer cancel()
	db, err := mongodb.Open(ctx, cfg.Database, slog.Default())
	if err != nil {
		return err
	}
	defer func() { _ = db.Client().Disconnect(context.WithoutCancel(ctx)) }()
	accounts := customers.New(mongo.New(db), nil) // without an issuer, because commands issue no tokens
	give := accounts.AddStaff
	if args[1] == "promote" {
		give = accounts.PromoteToStaff
	}
	password, err := give(ctx, args[2])
	switch {
	case errors.Is(err, customers.ErrEmailTaken):
		return fmt.Errorf("%w; if its owner is to be staff: customers staff promote %s", err, args[2])
	case errors.Is(err, customers.ErrNotFound):
		return fmt.Errorf("no account has this e-mail; to open one: customers staff add %s", args[2])
	case err != nil:
		return err
	}
	_, err = fmt.Fprintf(out, "%s is staff. The password, shown this once: %s\n", args[2], string(password))
	return err
}
