package stack

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"souk/testkit/devserver"
)

func TestReplicasAreReadOrRefusedByName(t *testing.T) {
	t.Parallel()
	replicas, err := ParseReplicas([]string{"ORDERS=3", "SOUK_STATE_DIR=/tmp/souk", "CATALOG=2"})
	if err != nil || !maps.Equal(replicas, map[string]int{"orders": 3, "catalog": 2}) {
		t.Errorf("ParseReplicas() = %v, %v", replicas, err)
	}
	for _, assignment := range []string{"ORDERS=0", "ORDERS=-1", "ORDERS=many", "ORDERS=", "ORDERS", "orders=2", "GATEWAY=2", "ODERS=2"} {
		name, _, _ := strings.Cut(assignment, "=")
		if _, err := ParseReplicas([]string{assignment}); err == nil || !strings.HasPrefix(err.Error(), name+": ") {
			t.Errorf("%s: %v; want an error that names %s", assignment, err, name)
		}
	}
}

func TestEachReplicaIsAPartOfItsOwn(t *testing.T) {
	t.Parallel()
	cfg := Config{Replicas: map[string]int{"orders": 3}}
	if got := cfg.Instances("orders"); !slices.Equal(got, []string{"orders", "orders-2", "orders-3"}) {
		t.Errorf("instances of orders: %v", got)
	}
	if got, single := len(cfg.parts()), len(new(Config).parts()); got != single+2 {
		t.Errorf("%d parts, want %d", got, single+2)
	}
	for _, part := range cfg.Instances("orders") {
		if serviceOf(part) != "orders" {
			t.Errorf("%s is an instance of %s", part, serviceOf(part))
		}
	}
}

func TestReplicasCannotShareAPort(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		env      string
		replicas int
		refused  bool
	}{
		"a port for one":        {"SOUK_ORDERS_ADDR=127.0.0.1:9000", 1, false},
		"a port for two":        {"SOUK_ORDERS_ADDR=127.0.0.1:9000", 2, true},
		"an admin port for two": {"SOUK_ORDERS_ADMIN_ADDR=127.0.0.1:9001", 2, true},
		"any port for two":      {"SOUK_ORDERS_ADDR=127.0.0.1:0", 2, false},
		"another's port":        {"SOUK_CARTS_ADDR=127.0.0.1:9000", 2, false},
		"none":                  {"", 0, true},
	}
	for name, test := range tests {
		cfg := Config{Replicas: map[string]int{"orders": test.replicas}, Env: []string{test.env}}
		if err := cfg.checkReplicas(); (err != nil) != test.refused {
			t.Errorf("%s: %v; want refused: %v", name, err, test.refused)
		}
	}
}

func TestEachGatewayHasAnAddressOfItsOwn(t *testing.T) {
	t.Parallel()
	cfg := Config{GatewayAddr: "127.0.0.1:0", Replicas: map[string]int{Gateway: 3}}
	if err := cfg.settle(); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, part := range []string{"gateway", "gateway-2", "gateway-3"} {
		seen[cfg.gateways[part]] = true
	}
	if len(seen) != 3 || seen[""] || cfg.gateways[Gateway] != cfg.GatewayAddr {
		t.Errorf("gateways at %v, the first to be at %s", cfg.gateways, cfg.GatewayAddr)
	}
	s := newStack(cfg)
	s.consul = &devserver.Consul{}
	if env := s.environment("gateway-2"); !slices.Contains(env, "SOUK_GATEWAY_ADDR="+cfg.gateways["gateway-2"]) {
		t.Errorf("gateway-2 is not told where it is: %v", env)
	}
}

func TestAnInstanceMayBeToldSomethingAlone(t *testing.T) {
	t.Parallel()
	s := newStack(Config{Replicas: map[string]int{"shipping": 2}, PartEnv: map[string][]string{"shipping-2": {"SOUK_SHIPPING_TRANSIT=1s"}}})
	s.consul, s.postgres = &devserver.Consul{}, &devserver.Postgres{}
	for part, want := range map[string]bool{"shipping": false, "shipping-2": true} {
		if got := slices.Contains(s.environment(part), "SOUK_SHIPPING_TRANSIT=1s"); got != want {
			t.Errorf("%s is told: %v, want %v", part, got, want)
		}
	}
}
