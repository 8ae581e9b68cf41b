package service_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	accessv1 "souk/proto/gen/souk/access/v1"

	"souk/platform/breaker"
	"souk/platform/service"
	"souk/testkit/scrape"
)

func newServiceAt(t *testing.T, name string, listen service.Listen) *service.Service {
	t.Helper()
	s, err := service.New(name, service.Config{Consul: agentConfig(), Drain: time.Second, LogLevel: 12}, listen)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// adminOf returns the admin port's address of a service, according to Consul.
func adminOf(t *testing.T, name string) string {
	t.Helper()
	address(t, name) // waits until the instance passes
	entries, _, err := consulClient().Health().Service(name, "", true, nil)
	if err != nil {
		t.Fatal(err)
	}
	return entries[0].Service.Meta["admin"]
}

// breakersOf returns the breakers of calls to a peer. A service also asks customers for keys, at any time.
func breakersOf(t *testing.T, admin, peer string) []breaker.State {
	t.Helper()
	var states []breaker.State
	if err := json.Unmarshal([]byte(get(admin+"/debug/breakers")), &states); err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(states, func(s breaker.State) bool { return s.Peer != peer })
}

func TestTheAdminPortShowsBreakersCountersAndProfiles(t *testing.T) {
	t.Parallel()
	const name, peer = "carts", "unwell" // carts may ask for keys
	callee := newService(t, peer)
	accessv1.RegisterKeysServiceServer(callee.Server(), keys{list: func(context.Context) error { return errors.New("bug") }})
	start(t, callee)
	address(t, peer)

	s := newServiceAt(t, name, service.Listen{Addr: "127.0.0.1:0", AdminAddr: "127.0.0.1:0"})
	conn, err := s.Dial(peer)
	if err != nil {
		t.Fatal(err)
	}
	stop := start(t, s)
	admin := "http://" + adminOf(t, name)
	if got := breakersOf(t, admin, peer); len(got) != 0 {
		t.Errorf("before any call the breakers are %+v", got)
	}
	eventually(t, 20*time.Second, "a breaker opens", func() bool {
		_, _ = accessv1.NewKeysServiceClient(conn).ListKeys(t.Context(), &accessv1.ListKeysRequest{})
		states := breakersOf(t, admin, peer)
		return len(states) == 1 && states[0].Method == accessv1.KeysService_ListKeys_FullMethodName && states[0].State == "open"
	})
	metrics, err := scrape.Read(t.Context(), strings.TrimPrefix(admin, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"go_goroutines", "go_memstats_heap_alloc_bytes", "souk_build_info", "souk_breaker_transitions_total"} {
		if metrics.Sum(name) == 0 {
			t.Errorf("the metric %s is missing", name)
		}
	}
	if got := get(admin + "/debug/pprof/goroutine?debug=1"); !strings.HasPrefix(got, "goroutine profile: total") {
		t.Errorf("the goroutines are %.100s", got)
	}
	if got := get(admin + "/"); strings.Contains(got, "pprof") {
		t.Errorf("it also shows %s", got)
	}
	stop()
	if conn, err := net.Dial("tcp", strings.TrimPrefix(admin, "http://")); err == nil {
		_ = conn.Close()
		t.Error("the port is open after Run has returned")
	}
}

func TestAnAdminPortOnAllInterfacesIsAdvertisedWithTheInstancesHost(t *testing.T) {
	t.Parallel()
	const name = "open"
	start(t, newServiceAt(t, name, service.Listen{Addr: "127.0.0.1:0", AdminAddr: "0.0.0.0:0"}))
	admin := adminOf(t, name)
	if !strings.HasPrefix(admin, "127.0.0.1:") || get("http://"+admin+"/debug/breakers") == "" {
		t.Errorf("its admin port is %q", admin)
	}
}

func TestWithoutAnAddressThereIsNoAdminPort(t *testing.T) {
	t.Parallel()
	const name = "closed"
	start(t, newServiceAt(t, name, service.Listen{Addr: "127.0.0.1:0"}))
	if admin := adminOf(t, name); admin != "" {
		t.Errorf("its admin port is %q", admin)
	}
}

func TestAnOccupiedAdminPortIsAnError(t *testing.T) {
	t.Parallel()
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	s := newServiceAt(t, "blocked", service.Listen{Addr: "127.0.0.1:0", AdminAddr: taken.Addr().String()})
	if err := launch(t, s).wait(t); err == nil || !strings.Contains(err.Error(), "admin port") {
		t.Errorf("run: %v", err)
	}
}
