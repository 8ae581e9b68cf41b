package setup

import (
	"context"
	"errors"

	"souk/platform/consul"
)

// Grant configures the Consul agent at addr so that each service can register itself and get its own certificate, and everybody
// can read which services exist. Running it again is safe.
func (s *Secrets) Grant(ctx context.Context, addr string) error {
	client, err := consul.NewClient(addr, s.Management)
	if err != nil {
		return err
	}
	var errs []error
	for name, token := range s.Tokens {
		errs = append(errs, consul.GrantIdentity(ctx, client, name, token))
	}
	return errors.Join(append(errs, consul.GrantReading(ctx, client))...)
}
