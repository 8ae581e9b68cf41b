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

// Secrets contains the secrets of the shop's containers.
type Secrets struct {
	// Databases are the passwords of the services' roles, by service. Superusers are the passwords of the superusers, by
	// database server; no service knows them.
	Databases, Superusers map[string]secret.Text
	// Tokens are the services' tokens for Consul. Management is the token that manages Consul.
	Tokens     map[string]secret.Text
	Management secret.Text
	// Staff and Demo are the passwords of the first staff account and of the demo customer.
	Staff, Demo secret.Text
	// Clients are the secrets of the OAuth clients of the shop's tools, by tool.
	Clients map[string]secret.Text
	// Payments are the secrets of payment providers, by file name. They are empty unless provided.
	Payments map[string]secret.Text
	// SMTP is the password at the SMTP server. It is empty unless provided.
	SMTP secret.Text
	// OpenID are the settings of OpenID providers, which have secrets. It is empty unless provided.
	OpenID secret.Text
}

// Keep returns the secrets in cfg.Dir. It generates missing ones, and stores those that cfg provides.
func Keep(cfg Config) (*Secrets, error) {
	s := &Secrets{
		Databases: map[string]secret.Text{}, Superusers: map[string]secret.Text{},
		Tokens: map[string]secret.Text{}, Payments: map[string]secret.Text{}, Clients: map[string]secret.Text{},
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
	// The MongoDB of carts keeps its old password, so the PostgreSQL of carts gets another one.
	s.Superusers[cartsMongo] = s.Superusers["carts-db"]
	s.Superusers["carts-db"] = keep("carts-postgres-superuser-password", "", rand.Text)
	// Consul requires tokens in this format. Each has 122 random bits.
	for _, name := range certified {
		s.Tokens[name] = keep(name+"-consul-token", "", uuid.NewString)
	}
	s.Management = keep("consul-management-token", "", uuid.NewString)
	s.Staff = keep("staff-password", cfg.StaffPassword, rand.Text)
	s.Demo = keep("demo-password", cfg.DemoPassword, rand.Text)
	for tool, given := range map[string]secret.Text{"audit": cfg.AuditClientSecret, "demo": cfg.DemoClientSecret, "mend": cfg.MendClientSecret} {
		s.Clients[tool] = keep(tool+"-client-secret", given, rand.Text)
	}
	s.SMTP = keep("smtp-password", cfg.SMTPPassword, func() string { return "" })
	s.OpenID = keep("openid-providers", cfg.OpenIDProviders, func() string { return "" })
	for name, given := range map[string]secret.Text{
		"simulator-webhook-secret": cfg.SimulatorWebhookSecret,
		"stripe-key":               cfg.StripeKey,
		"stripe-webhook-secret":    cfg.StripeWebhookSecret,
	} {
		s.Payments[name] = keep("payments-"+name, given, func() string { return "" })
	}
	return s, errors.Join(errs...)
}

// keepFile returns the content of the file at path. It first stores given, or a random value if there is neither a value nor a
// file.
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

// The permissions of setup's own files, and of those for a container, which may run as any user. The latter are in a volume
// that only that container mounts.
const (
	ownerOnly fs.FileMode = 0o400
	readable  fs.FileMode = 0o444
)

// write writes value to the file at path, unless it is already there. After a crash, the file has its old or its new content.
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
