package service_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"souk/platform/consul"
	"souk/platform/service"
)

// probe returns the status of an answer of the admin port.
func probe(t *testing.T, admin, path string) int {
	t.Helper()
	resp, err := http.Get("http://" + admin + path)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

func TestReadinessAndLivenessAreAboutTheProcessAlone(t *testing.T) {
	t.Parallel()
	const name = "probed"
	s := newServiceAt(t, name, service.Listen{Addr: "127.0.0.1:0", AdminAddr: "127.0.0.1:0"})
	var away, cold atomic.Bool
	s.Require("database", func(context.Context) error {
		if away.Load() {
			return errors.New("away")
		}
		return nil
	})
	s.ReadyWhen(func() bool { return !cold.Load() })
	if err := s.ConfigureHTTP(service.HTTPConfig{LameDuck: 2 * time.Second}); err != nil {
		t.Fatal(err)
	}
	r := launch(t, s)
	admin := adminOf(t, name)
	is := func(when string, ready int) {
		t.Helper()
		if got := probe(t, admin, "/readyz"); got != ready {
			t.Errorf("%s: /readyz is %d, want %d", when, got, ready)
		}
		if got := probe(t, admin, "/livez"); got != http.StatusOK {
			t.Errorf("%s: /livez is %d", when, got)
		}
	}
	is("it serves", http.StatusOK)
	cold.Store(true)
	is("its caches are empty", http.StatusServiceUnavailable)
	cold.Store(false)
	away.Store(true)
	eventually(t, 10*time.Second, "Consul sees that the database is away", func() bool { passing, _ := instances(t, name); return passing == 0 })
	is("its database is away", http.StatusOK)
	r.stop()
	eventually(t, time.Second, "it is not ready once it is told to stop", func() bool { return probe(t, admin, "/readyz") != http.StatusOK })
	is("it is told to stop", http.StatusServiceUnavailable)
	if err := r.wait(t); err != nil {
		t.Errorf("run: %v", err)
	}
}

// freeAddr returns an address at which nobody listens.
func freeAddr(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// A process that has no certificate yet cannot be called. The agent is one that does not answer.
func TestAProcessThatWaitsForItsCertificateIsAliveAndNotReady(t *testing.T) {
	t.Parallel()
	admin := freeAddr(t)
	nobody := consul.Config{Addr: "127.0.0.1:1", GRPCAddr: "127.0.0.1:1"}
	s, err := service.New("waiting", service.Config{Consul: nobody, LogLevel: 12}, service.Listen{Addr: "127.0.0.1:0", AdminAddr: admin})
	if err != nil {
		t.Fatal(err)
	}
	r := launch(t, s)
	eventually(t, 10*time.Second, "it is alive", func() bool { return get("http://"+admin+"/livez") == "ok\n" })
	if got := probe(t, admin, "/readyz"); got != http.StatusServiceUnavailable {
		t.Errorf("/readyz is %d", got)
	}
	r.stop()
	if err := r.wait(t); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("run: %v", err)
	}
}
