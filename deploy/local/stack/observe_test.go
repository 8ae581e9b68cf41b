package stack

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"souk/deploy/observability"
	"souk/testkit/devserver"
)

func TestObserveIsReadOrRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ observe, refused bool }{
		"OBSERVE=1": {true, false}, "OBSERVE=0": {false, false}, "ORDERS=3": {false, false}, "OBSERVE=yes": {false, true}, "OBSERVE=": {false, true},
	}
	for assignment, test := range tests {
		observe, others, err := ParseObserve([]string{"CARTS=2", assignment})
		if (err != nil) != test.refused || observe != test.observe {
			t.Errorf("%s: %v, %v", assignment, observe, err)
		}
		if err == nil && others[0] != "CARTS=2" {
			t.Errorf("%s: others are %v", assignment, others)
		}
	}
}

// startIdle starts a process that does nothing as a part, with an environment.
func startIdle(t *testing.T, s *Stack, part string, env []string) {
	t.Helper()
	process, err := devserver.StartProcess(t.Context(), devserver.ProcessConfig{
		Name: part, Path: "/bin/sleep", Args: []string{"60"}, Env: env, Started: s.started(part),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = process.Kill() })
}

// targetsOf returns what Prometheus is told to scrape: the addresses, and the service of each.
func targetsOf(t *testing.T, s *Stack) map[string]string {
	t.Helper()
	content, err := os.ReadFile(s.observability(observability.TargetsFile))
	if err != nil {
		t.Fatal(err)
	}
	var list []target
	if err := json.Unmarshal(content, &list); err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, entry := range list {
		found[entry.Targets[0]] = entry.Labels["service"]
	}
	return found
}

func TestPrometheusIsToldOfEachInstanceThatWasStarted(t *testing.T) {
	t.Parallel()
	s := newStack(Config{Dir: t.TempDir(), Observe: true, Replicas: map[string]int{"orders": 2}})
	if err := observability.Write(s.observability()); err != nil {
		t.Fatal(err)
	}
	start := func(part string, env ...string) string {
		env, err := withAdminPort(env, part)
		if err != nil {
			t.Fatal(err)
		}
		startIdle(t, s, part, env)
		address, _ := lookUp(env, adminVariable(part))
		return address
	}
	startIdle(t, s, Postgres, nil)
	first, second := start("orders"), start("orders-2")
	pinned := start(Gateway, "SOUK_GATEWAY_ADMIN_ADDR=127.0.0.1:9")
	start("carts", "SOUK_CARTS_ADMIN_ADDR=")
	audit := start(Audit, "SOUK_AUDIT_ADMIN_ADDR=127.0.0.1:0")
	if got := targetsOf(t, s); len(got) != 4 || got[first] != "orders" || got[second] != "orders" || got[pinned] != Gateway || got[audit] != Audit {
		t.Errorf("targets are %v", got)
	}
	again := start("orders")
	if got := targetsOf(t, s); got[again] != "orders" || got[first] != "" || len(got) != 4 {
		t.Errorf("after a restart targets are %v, want %s instead of %s", got, again, first)
	}
}

func TestOnlyAnObservedShopIsToldToTrace(t *testing.T) {
	t.Parallel()
	for _, observe := range []bool{false, true} {
		s := newStack(Config{Observe: observe})
		s.consul, s.postgres, s.jaeger = &devserver.Consul{}, &devserver.Postgres{}, &devserver.Jaeger{}
		traces := func(assignment string) bool { return strings.HasPrefix(assignment, "SOUK_TRACES_") }
		if told := slices.ContainsFunc(s.environment("orders"), traces); told != observe {
			t.Errorf("observed: %v, told where to send traces: %v", observe, told)
		}
		if parts := s.Parts(); slices.Contains(parts, Prometheus) != observe || slices.Contains(parts, Audit) != observe {
			t.Errorf("observed: %v, parts %v", observe, parts)
		}
	}
}
