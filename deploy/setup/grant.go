package setup

import (
	"context"
	"errors"

	"souk/platform/consul"
)

// Grant makes the Consul agent at addr let each service register itself and take its own certificate, and everybody read which
// services there are. Again changes nothing.
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
