package resilience

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/grpc/codes"

	"souk/deploy/local/stack"
	"souk/deploy/setup/roster"
	"souk/e2e/fault"
)

// What can be the matter with a dependency.
const (
	slow  = "slow"
	down  = "down"
	wrong = "wrong"
)

var faults = []string{slow, down, wrong}

// The servers, as the table calls them.
const (
	postgres = "PostgreSQL"
	mongo    = "MongoDB"
	consul   = "Consul"
)

var dependencies = slices.Concat(stack.Services, []string{postgres, mongo, consul})

// oneOfTwo is the last row of the table: one of two instances, of every service at once. It has a test of its own.
const oneOfTwo = "one of two instances"

// dependency is something that can be harmed, if there are several ways to do it in one of them, and mended again.
type dependency interface {
	harm(fault string, way int) error
	mend(context.Context) error
	// fallen are the services that do not pass their health check any more.
	fallen(fault string) []string
}

// service is one of the seven, behind its proxy.
type service struct {
	*fault.Proxy
	name    string
	severed bool
}

// The ways in which a service is wrong.
var wrongs = []fault.Treatment{fault.Fail(codes.Internal), fault.Garble}

func (s *service) harm(name string, way int) error {
	switch name {
	case slow:
		s.Treat(fault.Hold)
	case wrong:
		s.Treat(wrongs[way%len(wrongs)])
	default:
		s.Sever()
		s.severed = true
	}
	return nil
}

func (s *service) mend(ctx context.Context) error {
	s.Treat(nil)
	if !s.severed {
		return nil
	}
	s.severed = false
	return s.Mend(ctx)
}

// fallen is the service itself if it is down. One that is slow or wrong believes that it is well.
func (s *service) fallen(name string) []string {
	if name != down {
		return nil
	}
	return []string{s.name}
}

// server is a database or Consul.
type server struct {
	lines []*fault.Line
	users []string // the services that cannot do without it
}

func (s server) fallen(string) []string { return s.users }

func (s server) harm(name string, _ int) error {
	var errs []error
	for _, line := range s.lines {
		switch name {
		case slow:
			errs = append(errs, line.Slow())
		case wrong:
			errs = append(errs, line.Cut())
		default:
			line.Close()
		}
	}
	return errors.Join(errs...)
}

func (s server) mend(ctx context.Context) error {
	var errs []error
	for _, line := range s.lines {
		errs = append(errs, line.Mend(ctx))
	}
	return errors.Join(errs...)
}

// lines puts a line in front of each server of a shop that is started afterwards.
func lines(cfg *stack.Config) (map[string]server, error) {
	ports := map[*int]*fault.Line{}
	for _, port := range []*int{&cfg.PostgresPort, &cfg.MongoPort, &cfg.ConsulPort, &cfg.ConsulGRPCPort} {
		line, err := lineTo(port)
		if err != nil {
			return nil, err
		}
		ports[port] = line
	}
	mongoLine, consulLine, signer := ports[&cfg.MongoPort], ports[&cfg.ConsulPort], ports[&cfg.ConsulGRPCPort]
	cfg.PostgresAddr = ports[&cfg.PostgresPort].Addr()
	cfg.Env = append(cfg.Env,
		fmt.Sprintf("SOUK_CUSTOMERS_MONGO_URI=mongodb://%s/customers", mongoLine.Addr()),
		"SOUK_CONSUL_ADDR="+consulLine.Addr(), "SOUK_CONSUL_GRPC_ADDR="+signer.Addr())
	return map[string]server{
		postgres: {[]*fault.Line{ports[&cfg.PostgresPort]}, roster.On(roster.PostgreSQL)},
		mongo:    {[]*fault.Line{mongoLine}, []string{"customers"}},
		consul:   {[]*fault.Line{consulLine, signer}, nil},
	}, nil
}
