// Package consul is responsible for being found and for finding: it registers an instance with its
// health check, and resolves consul:///name for gRPC.
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
	// Consul drops an instance that has been failing for this long; it allows no less than a minute.
	forgetAfter = time.Minute
	// How often an instance looks whether the agent still knows it.
	confirmEvery = time.Second
	// How long the agent may take to answer, or to write a registration down.
	agentTimeout = 2 * time.Second
)

// Config says where the agent is.
type Config struct {
	// Addr and GRPCAddr are host:port of its two APIs. The second one signs certificates.
	Addr       string `env:"ADDR" envDefault:"127.0.0.1:8500"`
	GRPCAddr   string `env:"GRPC_ADDR" envDefault:"127.0.0.1:8502"`
	Datacenter string `env:"DATACENTER" envDefault:"dc1"`
	// Token is what a service registers itself and has its certificate signed with; none if Consul asks for none.
	Token secret.Text `env:"TOKEN"`
	// RootGrace is for how long certificates of a root are taken once another root has taken its place; zero is
	// DefaultRootGrace. So long a stolen certificate is good after that. All processes must have heard of the new root by then
	// and have made their connections anew.
	RootGrace time.Duration `env:"ROOT_GRACE" envDefault:"15m"`
}

// Instance is one process of a service.
type Instance struct {
	// ID is unique in the shop; Name is what peers resolve.
	ID, Name string
	Host     string
	Port     int
	// HTTPPath is the path of an HTTP health check, made over TLS when HTTPS is set. Without one the check is gRPC's own
	// health service, over TLS.
	HTTPPath string
	HTTPS    bool
	Version  string
	// Admin is host:port of the instance's admin port, "" if it has none.
	Admin string
}

// NewClient returns a client of the agent at addr (host:port) that shows it token, or no token if that is empty.
func NewClient(addr string, token secret.Text) (*api.Client, error) {
	client, err := api.NewClient(&api.Config{Address: addr, Token: string(token)})
	if err != nil {
		return nil, fmt.Errorf("consul client: %w", err)
	}
	return client, nil
}

// Keep registers the instance, and registers it again whenever the agent has lost it or keeps to itself how it is, until
// ctx is done. Then it deregisters it.
func Keep(ctx context.Context, client *api.Client, instance Instance, logger *slog.Logger) {
	k := keeper{client: client, registration: registrationOf(instance)}
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
		// Those who lost the agent together do not come back to it together.
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
		// The agent asks how an instance is, at the address that it gave itself; who it is, its callers check.
		TLSSkipVerify: true,
	}
	switch {
	case i.HTTPPath == "":
		// By its name: another service may have come up at the address of one that was killed.
		check.GRPC, check.GRPCUseTLS = address+"/"+i.Name, true
	case i.HTTPS:
		check.HTTP = "https://" + address + i.HTTPPath
	default:
		check.HTTP = "http://" + address + i.HTTPPath
	}
	meta := map[string]string{"version": i.Version, "address": address}
	if i.Admin != "" {
		meta["admin"] = i.Admin
	}
	return &api.AgentServiceRegistration{ID: i.ID, Name: i.Name, Address: i.Host, Port: i.Port, Check: check, Meta: meta}
}
