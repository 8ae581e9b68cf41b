package stack

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"souk/platform/devserver"
)

// startService starts the named service or gateway.
func (s *Stack) startService(ctx context.Context, name string) error {
	process, err := devserver.StartProcess(ctx, devserver.ProcessConfig{
		Name:    name,
		Path:    filepath.Join(s.cfg.BinDir, name),
		Env:     s.environment(name),
		LogFile: s.LogFile(name),
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.processes[name] = process
	return nil
}

// environment is what the service is told: everything in our own environment, and where its parts are.
func (s *Stack) environment(name string) []string {
	upper := strings.ToUpper(name)
	env := append(os.Environ(),
		"SOUK_CONSUL_ADDR="+s.consul.Addr(),
		"SOUK_GATEWAY_ADDR="+s.cfg.GatewayAddr,
	)
	switch {
	case slices.Contains(relational, name):
		url := s.postgres.URL(name, s.secrets.Databases[name], name)
		env = append(env, fmt.Sprintf("SOUK_%s_DATABASE_URL=%s", upper, url))
	case name != Gateway:
		env = append(env, fmt.Sprintf("SOUK_%s_MONGO_URI=%s/%s", upper, strings.TrimSuffix(s.mongo.URL(), "/"), name))
	}
	if name == "customers" {
		env = append(env, "SOUK_STAFF_EMAIL="+s.cfg.StaffEmail, "SOUK_STAFF_PASSWORD="+s.StaffPassword())
	}
	return append(env, s.cfg.Env...)
}

// Process returns the running process of a service or the gateway, to be killed or paused by a test.
func (s *Stack) Process(name string) *devserver.Process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.processes[name]
}

// Restart starts a service again that has ended, or stops it first.
func (s *Stack) Restart(ctx context.Context, name string) error {
	if err := s.Process(name).Stop(ctx); err != nil {
		return err
	}
	return s.startService(ctx, name)
}

// LogFile is where a process of the shop writes what it logs.
func (s *Stack) LogFile(name string) string {
	return s.cfg.path("logs", name+".log")
}
