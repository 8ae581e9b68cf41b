package resilience

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/grpc/codes"

	"souk/deploy/local/stack"
	"souk/deploy/setup/roster"
	"souk/e2e/faultproxy"
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

// dependency is something that the shop depends on. A fault is injected in one of several ways, if there are several, and repaired again.
type dependency interface {
	inject(fault string, way int) error
	repair(context.Context) error
	// unhealthy are the services that then fail their health check.
	unhealthy(fault string) []string
}

// service is one of the shop's services, behind its proxy.
type service struct {
	*faultproxy.Proxy
	name string
	down bool
}

// The ways in which a service is wrong.
var wrongResponses = []faultproxy.Response{faultproxy.Fail(codes.Internal), faultproxy.Garble}

func (s *service) inject(name string, way int) error {
	switch name {
	case slow:
		s.Respond(faultproxy.Hold)
	case wrong:
		s.Respond(wrongResponses[way%len(wrongResponses)])
	default:
		s.Disconnect()
		s.down = true
	}
	return nil
}

func (s *service) repair(ctx context.Context) error {
	s.Respond(nil)
	if !s.down {
		return nil
	}
	s.down = false
	return s.Reconnect(ctx)
}

// unhealthy is the service itself if it is down. One that is slow or wrong believes that it is well.
func (s *service) unhealthy(name string) []string {
	if name != down {
		return nil
	}
	return []string{s.name}
}

// server is a database or Consul.
type server struct {
	proxies []*faultproxy.TCP
	users   []string // the services that cannot do without it
}

func (s server) unhealthy(string) []string { return s.users }

func (s server) inject(name string, _ int) error {
	var errs []error
	for _, proxy := range s.proxies {
		switch name {
		case slow:
			errs = append(errs, proxy.Slow())
		case wrong:
			errs = append(errs, proxy.Cut())
		default:
			proxy.Close()
		}
	}
	return errors.Join(errs...)
}

func (s server) repair(ctx context.Context) error {
	var errs []error
	for _, proxy := range s.proxies {
		errs = append(errs, proxy.Reset(ctx))
	}
	return errors.Join(errs...)
}

// proxyServers puts a proxy in front of each server of a shop that is started afterwards.
func proxyServers(cfg *stack.Config) (map[string]server, error) {
	ports := map[*int]*faultproxy.TCP{}
	for _, port := range []*int{&cfg.PostgresPort, &cfg.MongoPort, &cfg.ConsulPort, &cfg.ConsulGRPCPort} {
		proxy, err := proxyTo(port)
		if err != nil {
			return nil, err
		}
		ports[port] = proxy
	}
	mongoProxy, consulProxy, consulGRPCProxy := ports[&cfg.MongoPort], ports[&cfg.ConsulPort], ports[&cfg.ConsulGRPCPort]
	cfg.PostgresAddr = ports[&cfg.PostgresPort].Addr()
	cfg.Env = append(cfg.Env,
		fmt.Sprintf("SOUK_CUSTOMERS_MONGO_URI=mongodb://%s/customers", mongoProxy.Addr()),
		"SOUK_CONSUL_ADDR="+consulProxy.Addr(), "SOUK_CONSUL_GRPC_ADDR="+consulGRPCProxy.Addr())
	return map[string]server{
		postgres: {[]*faultproxy.TCP{ports[&cfg.PostgresPort]}, roster.On(roster.PostgreSQL)},
		mongo:    {[]*faultproxy.TCP{mongoProxy}, []string{"customers"}},
		consul:   {[]*faultproxy.TCP{consulProxy, consulGRPCProxy}, nil},
	}, nil
}
