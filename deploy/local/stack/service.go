package stack

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"souk/testkit/devserver"
)

// stopTimeout is how long a process may take to stop. It first waits for its running calls, for at most half of this time.
const stopTimeout = 20 * time.Second

// startService starts the gateway, the named instance of a service, or the audit.
func (s *Stack) startService(ctx context.Context, name string) error {
	env := s.environment(name)
	if s.cfg.Observe {
		var err error
		if env, err = withAdminPort(env, name); err != nil {
			return err
		}
	}
	_, err := devserver.StartProcess(ctx, devserver.ProcessConfig{
		Name:        name,
		Path:        s.binary(serviceOf(name)),
		Env:         env,
		LogFile:     s.LogFile(name),
		StopTimeout: stopTimeout,
		Started:     s.started(name),
	})
	return err
}

// binary returns the file of the binary of a service or the gateway.
func (s *Stack) binary(service string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return filepath.Join(cmp.Or(s.cfg.Binaries[service], s.cfg.BinDir), service)
}

// UseBinary has the next processes of a service, or of the gateway, run the binary in a folder. Those that run go on.
func (s *Stack) UseBinary(service, folder string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cfg.Binaries = maps.Clone(s.cfg.Binaries)
	if s.cfg.Binaries == nil {
		s.cfg.Binaries = map[string]string{}
	}
	s.cfg.Binaries[service] = folder
}

// environment returns the environment of a process: our own, and the addresses and secrets of the servers.
func (s *Stack) environment(part string) []string {
	name := serviceOf(part)
	upper := strings.ToUpper(name)
	// No load balancer asks for /readyz here. So a gateway that stops need not wait until one has noticed. A test that runs a load balancer
	// sets another value.
	env := []string{"SOUK_GATEWAY_LAME_DUCK=0s"}
	if s.cfg.Observe {
		env = append(env, "SOUK_TRACES_SAMPLE=1") // a shop on one machine is small enough to keep every trace
	}
	if name == "customers" || name == "orders" {
		env = append(env, s.sending()...)
	}
	env = append(env, os.Environ()...)
	env = append(env,
		"SOUK_CONSUL_ADDR="+s.consul.Addr(),
		"SOUK_CONSUL_GRPC_ADDR="+s.consul.GRPCAddr(),
		"SOUK_CONSUL_TOKEN="+s.secrets.Consul[name],
		"SOUK_GATEWAY_ADDR="+cmp.Or(s.cfg.gateways[part], s.cfg.GatewayAddr),
		"SOUK_KEEP_DIR="+s.cfg.path("kept", part),
	)
	if s.cfg.Observe {
		env = append(env, s.tracing()...)
	}
	if name == Audit {
		env = append(env, s.auditing()...)
	}
	if slices.Contains(relational, name) {
		url := s.DatabaseURL(name, name)
		if s.cfg.PostgresAddr != "" {
			url = strings.Replace(url, fmt.Sprintf("127.0.0.1:%d", s.postgres.Port()), s.cfg.PostgresAddr, 1)
		}
		env = append(env, fmt.Sprintf("SOUK_%s_DATABASE_URL=%s", upper, url),
			fmt.Sprintf("SOUK_%s_DATABASE_INSTANCES=%d", upper, s.cfg.mostInstances(name)))
	}
	if slices.Contains(documental, name) {
		env = append(env, fmt.Sprintf("SOUK_%s_MONGO_URI=%s/%s", upper, strings.TrimSuffix(s.mongo.URL(), "/"), name))
	}
	if name == "customers" || name == Gateway {
		env = append(env, s.issuer()...)
	}
	if name == "customers" {
		env = append(env, "SOUK_CUSTOMERS_STAFF_SECOND_FACTOR=optional", "SOUK_STAFF_EMAIL="+s.cfg.StaffEmail, "SOUK_STAFF_PASSWORD="+s.StaffPassword())
		for _, tool := range Tools {
			env = append(env, fmt.Sprintf("SOUK_%s_CLIENT_SECRET=%s", strings.ToUpper(tool), s.ClientSecret(tool)))
		}
	}
	return slices.Concat(env, s.cfg.Env, s.cfg.PartEnv[part])
}

// issuer returns the setting that names the shop to OAuth clients. Other machines need an https URL, which only the environment knows.
func (s *Stack) issuer() []string {
	host, _, _ := net.SplitHostPort(s.cfg.GatewayAddr)
	if address, err := netip.ParseAddr(host); err != nil || !address.IsLoopback() {
		return nil
	}
	return []string{"SOUK_ISSUER_URL=" + s.URL()}
}
