// Package consul connects a process to Consul: it registers an instance with its health check, resolves consul:///NAME targets
// for gRPC, and obtains the process's certificate.
package consul

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"strconv"
	"time"

	"github.com/hashicorp/consul/api"

	"souk/platform/outage"
	"souk/platform/secret"
)

const (
	checkEvery = time.Second
	// Consul removes an instance after it has failed its check for this long. Consul's minimum is one minute.
	forgetAfter = time.Minute
	// How often an instance checks that the agent still has its registration.
	confirmEvery = time.Second
	// The time limit for an answer of the agent, including for a registration.
	agentTimeout = 2 * time.Second
)

// Config contains the agent's address and credentials.
type Config struct {
	// Addr and GRPCAddr are host:port of the agent's HTTP and gRPC API. The gRPC API signs certificates.
	Addr       string `env:"ADDR" envDefault:"127.0.0.1:8500"`
	GRPCAddr   string `env:"GRPC_ADDR" envDefault:"127.0.0.1:8502"`
	Datacenter string `env:"DATACENTER" envDefault:"dc1"`
	// Token is the ACL token for registering the service and signing its certificate; empty if Consul requires none.
	Token secret.Text `env:"TOKEN"`
	// RootGrace is how long certificates from a replaced root are still accepted; zero means DefaultRootGrace. A stolen
	// certificate stays useful for that long after a rotation. It must be long enough for all processes to learn of the new
	// root and to reconnect with a new certificate.
	RootGrace time.Duration `env:"ROOT_GRACE" envDefault:"15m"`
}

// Instance is one running process of a service.
type Instance struct {
	// ID is unique in the shop; Name is the service's name, which peers resolve.
	ID, Name string
	Host     string
	Port     int
	// HTTPPath is the path of the HTTP health check, which uses TLS if HTTPS is set. If HTTPPath is empty, the check calls
	// gRPC's health service over TLS.
	HTTPPath string
	HTTPS    bool
	// Version and Commit say what the instance's binary was built from.
	Version, Commit string
	// Admin is host:port of the instance's admin port, "" if it has none.
	Admin string
}

// NewClient returns a client of the agent at addr (host:port). It sends token unless that is empty.
func NewClient(addr string, token secret.Text) (*api.Client, error) {
	client, err := api.NewClient(&api.Config{Address: addr, Token: string(token)})
	if err != nil {
		return nil, fmt.Errorf("consul client: %w", err)
	}
	return client, nil
}

// Keep registers the instance, and registers it again whenever the agent has lost the registration or does not pass the
// instance's health on to the catalog. When ctx is done, it deregisters the instance.
func Keep(ctx context.Context, client *api.Client, instance Instance, logger *slog.Logger) {
	k := registrar{client: client, registration: registrationOf(instance)}
	level := slog.LevelWarn
	for ctx.Err() == nil {
		before := k.registered
		if err := k.confirm(ctx); err != nil && ctx.Err() == nil {
			logger.Log(ctx, level, "not registered with consul", "error", err)
			level = slog.LevelDebug
		} else if !before && k.registered {
			logger.Info("registered with consul", "id", instance.ID, "address", instance.Host, "port", instance.Port)
			level = slog.LevelWarn
		}
		// The random wait spreads the registrations of many processes after the agent was down.
		outage.Sleep(ctx, confirmEvery*9/10+rand.N(confirmEvery/5))
	}
	deregister(client, instance.ID, logger)
}

func deregister(client *api.Client, id string, logger *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.Background(), agentTimeout)
	defer cancel()
	if err := client.Agent().ServiceDeregisterOpts(id, (&api.QueryOptions{}).WithContext(ctx)); err != nil {
		logger.Warn("not deregistered from consul", "error", err)
	}
}

func registrationOf(i Instance) *api.AgentServiceRegistration {
	address := net.JoinHostPort(i.Host, strconv.Itoa(i.Port))
	check := &api.AgentServiceCheck{
		Interval:                       checkEvery.String(),
		Timeout:                        "2s",
		DeregisterCriticalServiceAfter: forgetAfter.String(),
		// The agent only asks for the health at an address that the instance gave. Callers verify the instance's identity.
		TLSSkipVerify: true,
	}
	switch {
	case i.HTTPPath == "":
		// The check names the service, because another service may run at the address of a killed instance by now.
		check.GRPC, check.GRPCUseTLS = address+"/"+i.Name, true
	case i.HTTPS:
		check.HTTP = "https://" + address + i.HTTPPath
	default:
		check.HTTP = "http://" + address + i.HTTPPath
	}
	meta := map[string]string{"version": i.Version, "commit": i.Commit, "address": address}
	if i.Admin != "" {
		meta["admin"] = i.Admin
	}
	return &api.AgentServiceRegistration{ID: i.ID, Name: i.Name, Address: i.Host, Port: i.Port, Check: check, Meta: meta}
}
