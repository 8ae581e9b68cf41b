package app

import (
	"errors"
	"fmt"
	"strings"

	"souk/services/customers/internal/customers"
)

// minToolSecret is how long a secret of a tool is at least. Only its SHA-256 hash is stored, which protects a secret that cannot be guessed.
const minToolSecret = 26

// ToolsEnv contains the secrets with which the shop's own tools get access tokens. Each is optional.
type ToolsEnv struct {
	Audit customers.Secret `env:"AUDIT_CLIENT_SECRET"`
	Demo  customers.Secret `env:"DEMO_CLIENT_SECRET"`
	Mend  customers.Secret `env:"MEND_CLIENT_SECRET"`
}

// secrets returns the secrets by the IDs of the clients.
func (e ToolsEnv) secrets() map[string]customers.Secret {
	return map[string]customers.Secret{"audit": e.Audit, "demo": e.Demo, "mend": e.Mend}
}

func (e ToolsEnv) validate() error {
	var errs []error
	for id, secret := range e.secrets() {
		if secret != "" && len(secret) < minToolSecret {
			errs = append(errs, fmt.Errorf("SOUK_%s_CLIENT_SECRET must have %d characters or more, because it must not be guessed", strings.ToUpper(id), minToolSecret))
		}
	}
	return errors.Join(errs...)
}
