package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"souk/platform/audit"
	"souk/platform/config"
	"souk/platform/mongodb"

	"souk/services/customers/internal/customers"
	"souk/services/customers/internal/mongo"
	"souk/services/customers/internal/token"
)

const usage = `usage: customers                      serve
       customers staff add EMAIL      open an account of staff
       customers staff promote EMAIL  make an account one of staff, with a new password; its sessions end
       customers keys end             replace the signing keys now; every access token is refused within 2 minutes
       customers sessions end         end the sessions of everyone`

// The time limit of a command. There may be many sessions.
const commandTimeout = 10 * time.Minute

// commandConfig contains the settings of a command.
type commandConfig struct {
	Database mongodb.Config `envPrefix:"CUSTOMERS_"`
}

// commands are what a command line does with the store, by its words but the e-mail address.
var commands = map[string]func(ctx context.Context, store *mongo.Store, email string, out io.Writer) error{
	"staff add":     addStaff,
	"staff promote": promoteStaff,
	"keys end":      endKeys,
	"sessions end":  endSessions,
}

// Command runs the command in args on the service's database, and writes the result to out.
func Command(ctx context.Context, args []string, out io.Writer) error {
	words, email := args, ""
	if len(args) > 0 && args[0] == "staff" {
		words, email = args[:len(args)-1], args[len(args)-1]
	}
	run, ok := commands[strings.Join(words, " ")]
	if !ok || len(words) != 2 {
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
	return run(ctx, mongo.New(db), email, out)
}

// accountsIn returns a service without an issuer, because commands issue no tokens.
func accountsIn(store *mongo.Store) *customers.Service { return customers.New(store, nil) }

func addStaff(ctx context.Context, store *mongo.Store, email string, out io.Writer) error {
	password, err := accountsIn(store).AddStaff(ctx, email)
	if errors.Is(err, customers.ErrEmailTaken) {
		return fmt.Errorf("%w; if its owner is to be staff: customers staff promote %s", err, email)
	}
	return printPassword(out, email, password, err)
}

func promoteStaff(ctx context.Context, store *mongo.Store, email string, out io.Writer) error {
	password, err := accountsIn(store).PromoteToStaff(ctx, email)
	if errors.Is(err, customers.ErrNotFound) {
		return fmt.Errorf("no account has this e-mail; to open one: customers staff add %s", email)
	}
	return printPassword(out, email, password, err)
}

func printPassword(out io.Writer, email string, password customers.Secret, err error) error {
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s is staff. The password, shown this once: %s\n", email, string(password))
	return err
}

func endKeys(ctx context.Context, store *mongo.Store, _ string, out io.Writer) error {
	ended, err := token.EndKeys(ctx, store)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%d signing keys were ended. Within 2 minutes, every service refuses their tokens.\n", ended)
	return err
}

func endSessions(ctx context.Context, store *mongo.Store, _ string, out io.Writer) error {
	if err := accountsIn(store).EndAllSessions(ctx); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, "The sessions of everyone were ended. Their access tokens are valid for up to 15 minutes, unless the keys are ended too.")
	return err
}
