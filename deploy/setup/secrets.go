package setup

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
	"github.com/google/uuid"

	"souk/deploy/setup/roster"
	"souk/platform/secret"
)

// Secrets are what the shop's containers must know of each other and nobody else may.
type Secrets struct {
	// Databases are the passwords of the services' roles, by service. Superusers are those of the roles that may do anything
	// in a database server, by server; no service knows one.
	Databases, Superusers map[string]secret.Text
	// Tokens are what each service shows to Consul, and Management is the token that manages Consul.
	Tokens     map[string]secret.Text
	Management secret.Text
	// Staff and Demo are the passwords of the first staff account and of the demo shop's customer.
	Staff, Demo secret.Text
	// Payments are the secrets of payment providers, by file name. They are empty unless given.
	Payments map[string]secret.Text
}

// Keep returns the secrets in cfg.Dir. What is missing there is made up, and what cfg gives is put there.
func Keep(cfg Config) (*Secrets, error) {
	s := &Secrets{
		Databases: map[string]secret.Text{}, Superusers: map[string]secret.Text{},
		Tokens: map[string]secret.Text{}, Payments: map[string]secret.Text{},
	}
	var errs []error
	keep := func(name string, given secret.Text, random func() string) secret.Text {
		value, err := keepFile(filepath.Join(cfg.Dir, name), given, random)
		errs = append(errs, err)
		return value
	}
	for _, service := range roster.Names() {
		s.Databases[service] = keep(service+"-database-password", cfg.DatabasePassword, rand.Text)
		s.Superusers[service+"-db"] = keep(service+"-superuser-password", "", rand.Text)
	}
	// The MongoDB of carts keeps the password that it was made with, so its PostgreSQL gets another.
	s.Superusers["carts-mongo"] = s.Superusers["carts-db"]
	s.Superusers["carts-db"] = keep("carts-postgres-superuser-password", "", rand.Text)
	// Consul wants its tokens to look like this. One has 122 random bits.
	for _, name := range certified {
		s.Tokens[name] = keep(name+"-consul-token", "", uuid.NewString)
	}
	s.Management = keep("consul-management-token", "", uuid.NewString)
	s.Staff = keep("staff-password", cfg.StaffPassword, rand.Text)
	s.Demo = keep("demo-password", cfg.DemoPassword, rand.Text)
	for name, given := range map[string]secret.Text{
		"simulator-webhook-secret": cfg.SimulatorWebhookSecret,
		"stripe-key":               cfg.StripeKey,
		"stripe-webhook-secret":    cfg.StripeWebhookSecret,
	} {
		s.Payments[name] = keep("payments-"+name, given, func() string { return "" })
	}
	return s, errors.Join(errs...)
}

// keepFile returns what the file at path holds, after putting there what is given, or something random if there is nothing.
func keepFile(path string, given secret.Text, random func() string) (secret.Text, error) {
	kept, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	value := string(kept)
	switch {
	case given != "":
		value = string(given)
	case err != nil:
		value = random()
	}
	return secret.Text(value), write(path, value, ownerOnly)
}

// The permissions of setup's own files, and of a container's, who may be any user there. The latter are in a volume that only
// that container mounts.
const (
	ownerOnly fs.FileMode = 0o400
	readable  fs.FileMode = 0o444
)

// write makes the file at path hold value, unless it does. A crash leaves the file as it was, or as it should be.
func write(path, value string, mode fs.FileMode) error {
	kept, err := os.ReadFile(path)
	if err == nil && string(kept) == value {
		return nil
	}
	if err := renameio.WriteFile(path, []byte(value), mode, renameio.WithTempDir(filepath.Dir(path))); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
