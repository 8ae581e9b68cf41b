package consul_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"souk/platform/consul"
	"souk/testkit/devserver"
)

func TestAnInstanceIsRegisteredOnceItPasses(t *testing.T) {
	t.Parallel()
	client := newClient(t, agent.Addr())
	i := serveInstance(t, "registered")
	register(t, client, i.Instance)
	eventually(t, 15*time.Second, "it passes", passes(t, client, "registered"))
	entry := instances(t, client, "registered", true)[0]
	if s := entry.Service; s.ID != i.ID || s.Address != "127.0.0.1" || s.Port != i.Port || s.Meta["version"] != "v1" || s.Meta["commit"] != "c1" {
		t.Errorf("registered as %+v", s)
	}
	for _, check := range entry.Checks {
		if check.ServiceID == i.ID && check.Type != "grpc" {
			t.Errorf("its check is %+v", check)
		}
	}
}

func TestAnInstanceOnIPv6IsChecked(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "[::1]:0")
	if err != nil {
		t.Skip("this machine has no IPv6: ", err)
	}
	client := newClient(t, agent.Addr())
	i := serveOn(t, "six", listener)
	register(t, client, i.Instance)
	eventually(t, 15*time.Second, "it passes", passes(t, client, "six"))
	if got := instances(t, client, "six", true)[0].Service.Address; got != "::1" {
		t.Errorf("address %q", got)
	}
}

func TestAnUnhealthyInstanceIsNotPassing(t *testing.T) {
	t.Parallel()
	client := newClient(t, agent.Addr())
	i := serveInstance(t, "unwell")
	register(t, client, i.Instance)
	eventually(t, 15*time.Second, "it passes", passes(t, client, "unwell"))
	i.health.SetServingStatus(i.Name, healthv1.HealthCheckResponse_NOT_SERVING)
	eventually(t, 15*time.Second, "it no longer passes", func() bool { return !passes(t, client, "unwell")() })
	if len(instances(t, client, "unwell", false)) != 1 {
		t.Error("the instance was removed")
	}
	i.health.SetServingStatus(i.Name, healthv1.HealthCheckResponse_SERVING)
	eventually(t, 15*time.Second, "it passes again", passes(t, client, "unwell"))
}

func TestAnHTTPInstanceIsCheckedAtItsHealthPath(t *testing.T) {
	t.Parallel()
	client := newClient(t, agent.Addr())
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		asked.Add(1)
	}))
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	port := atoi(t, u.Port())
	register(t, client, consul.Instance{ID: "web-1", Name: "web", Host: u.Hostname(), Port: port, HTTPPath: "/healthz"})
	eventually(t, 15*time.Second, "it passes", passes(t, client, "web"))
	if asked.Load() == 0 {
		t.Error("the instance passes although nobody asked for its health")
	}
}

func TestALostRegistrationIsMadeAgain(t *testing.T) {
	t.Parallel()
	client := newClient(t, agent.Addr())
	i := serveInstance(t, "lost")
	register(t, client, i.Instance)
	eventually(t, 15*time.Second, "it passes", passes(t, client, "lost"))
	for range 2 {
		if err := client.Agent().ServiceDeregister(i.ID); err != nil {
			t.Fatal(err)
		}
		eventually(t, 15*time.Second, "it passes again", passes(t, client, "lost"))
	}
}

func TestAnInstanceThatEndsIsDeregistered(t *testing.T) {
	t.Parallel()
	client := newClient(t, agent.Addr())
	gone, stays := serveInstance(t, "ending"), serveInstance(t, "ending")
	stop := register(t, client, gone.Instance)
	register(t, client, stays.Instance)
	eventually(t, 15*time.Second, "both pass", func() bool { return len(instances(t, client, "ending", true)) == 2 })
	stop()
	left := instances(t, client, "ending", false)
	if len(left) != 1 || left[0].Service.ID != stays.ID {
		t.Errorf("%d are left", len(left))
	}
}

func TestTheRegistrationOfAnEarlierProcessIsReplaced(t *testing.T) {
	t.Parallel()
	client := newClient(t, agent.Addr())
	i := serveInstance(t, "upgraded")
	// An earlier process at the same address was killed before it could deregister.
	if err := client.Agent().ServiceRegister(&api.AgentServiceRegistration{
		ID: i.ID, Name: i.Name, Address: i.Host, Port: i.Port, Meta: map[string]string{"version": "v0"},
		Check: &api.AgentServiceCheck{HTTP: "http://" + i.address() + "/old", Interval: "10m"},
	}); err != nil {
		t.Fatal(err)
	}
	register(t, client, i.Instance)
	eventually(t, 15*time.Second, "it passes", passes(t, client, "upgraded"))
	if got := instances(t, client, "upgraded", true)[0].Service.Meta["version"]; got != "v1" {
		t.Errorf("version %q, want v1", got)
	}
}

func TestAnInstanceThatStartsBeforeItsAgentIsRegisteredLater(t *testing.T) {
	t.Parallel()
	port, err := devserver.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	addr := "127.0.0.1:" + strconv.Itoa(port)
	client := newClient(t, addr)
	i := serveInstance(t, "early")
	register(t, client, i.Instance)
	late, err := devserver.StartConsul(t.Context(), devserver.ConsulConfig{Dir: t.TempDir(), HTTPPort: port})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = late.Stop(context.Background()) })
	eventually(t, 20*time.Second, "it passes", passes(t, client, "early"))
}

func TestKeepLogsAMissingAgentAndStillEndsInTime(t *testing.T) {
	t.Parallel()
	var log logBuffer
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() {
		consul.Keep(ctx, newClient(t, "127.0.0.1:1"), consul.Instance{ID: "x", Name: "x", Host: "127.0.0.1", Port: 1}, log.logger())
	})
	eventually(t, 10*time.Second, "a line in the log", func() bool { return strings.Contains(log.String(), "not registered") })
	start := time.Now()
	cancel()
	done.Wait()
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("Keep returned after %v", took)
	}
}

// A killed process leaves its registration behind, and any other process may get its port.
func TestAnotherServiceAtAnInstancesAddressDoesNotPassItsCheck(t *testing.T) {
	t.Parallel()
	client := newClient(t, agent.Addr())
	next := serveInstance(t, "successor")
	dead := next.Instance
	dead.ID, dead.Name = "dead-1", "predecessor"
	register(t, client, next.Instance)
	register(t, client, dead)
	eventually(t, 15*time.Second, "the one that is there passes", passes(t, client, "successor"))
	if found := instances(t, client, "predecessor", true); len(found) != 0 {
		t.Errorf("the killed instance is passing: %v", found[0].Service)
	}
}
