package consul_test

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"
	"google.golang.org/grpc/resolver"

	"souk/platform/consul"
	"souk/testkit/devserver"
)

// ownAgent is a Consul agent that belongs to one test, so that the test can stop it.
type ownAgent struct {
	*devserver.Consul
	config devserver.ConsulConfig
}

func newOwnAgent(t *testing.T) *ownAgent {
	t.Helper()
	m := &ownAgent{}
	for _, port := range []*int{&m.config.HTTPPort, &m.config.GRPCPort} {
		var err error
		if *port, err = devserver.FreePort(); err != nil {
			t.Fatal(err)
		}
	}
	m.startEmpty(t)
	return m
}

// startEmpty starts the agent again at the same address, but without its data.
func (m *ownAgent) startEmpty(t *testing.T) {
	t.Helper()
	m.config.Dir = t.TempDir()
	started, err := devserver.StartConsul(t.Context(), m.config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = started.Stop(context.Background()) })
	m.Consul = started
}

func (m *ownAgent) stop(t *testing.T) {
	t.Helper()
	if err := m.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// resolveKept resolves a service and stores its addresses in kept, as a real process does.
func resolveKept(t *testing.T, addr, name string, kept consul.KeepDir, log *logBuffer) (c *recorder, end func()) {
	t.Helper()
	c = &recorder{}
	built, err := consul.NewBuilder(newClient(t, addr), kept, log.logger()).Build(
		resolver.Target{URL: url.URL{Scheme: "consul", Path: "/" + name}}, c, resolver.BuildOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(built.Close)
	return c, built.Close
}

func TestAProcessStartsWithTheStoredAddressesWhileTheAgentIsDown(t *testing.T) {
	t.Parallel()
	agent := newOwnAgent(t)
	client, kept := newClient(t, agent.Addr()), consul.KeepDir(t.TempDir())
	first := serveInstance(t, "kept")
	stop := register(t, client, first.Instance)
	c, end := resolveKept(t, agent.Addr(), "kept", kept, &logBuffer{})
	eventually(t, 15*time.Second, "it is found", c.has(first))
	end()
	agent.stop(t)

	c, _ = resolveKept(t, agent.Addr(), "kept", kept, &logBuffer{})
	eventually(t, time.Second, "it is found where it was", c.has(first))
	stop()
	agent.startEmpty(t)
	// The agent's first answer is an empty list, which the resolver ignores.
	eventually(t, 15*time.Second, "an answer", func() bool { return len(instances(t, client, "kept", false)) == 0 })
	second := serveInstance(t, "kept")
	if _, errs := c.lastError(); errs != 0 || !c.has(first)() {
		t.Errorf("the last known address was removed, with %d errors", errs)
	}
	register(t, client, second.Instance)
	eventually(t, 15*time.Second, "its successor is found", c.has(second))
	eventually(t, 5*time.Second, "its successor is what is kept", func() bool {
		content, err := kept.Read("peers/kept.json")
		return err == nil && string(content) == `["`+second.address()+`"]`
	})
}

func TestInvalidAddressFilesAreIgnored(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"torn": `["127.0.0.1:80`, "empty": "", "another form": `{"a": 1}`, "no address": `["nowhere"]`, "no port": `["127.0.0.1:"]`,
	} {
		kept := consul.KeepDir(t.TempDir())
		if err := kept.Write("peers/spoiled.json", []byte(content)); err != nil {
			t.Fatal(err)
		}
		var log logBuffer
		c, _ := resolveKept(t, "127.0.0.1:1", "spoiled", kept, &log)
		eventually(t, 10*time.Second, name+": a line in the log", func() bool { return strings.Contains(log.String(), "cannot be used") })
		eventually(t, 10*time.Second, name+": it says that it cannot ask", func() bool { _, n := c.lastError(); return n > 0 })
		if !c.has()() {
			t.Errorf("the content of %s was used", name)
		}
	}
}

func TestAnInstanceReplacedWhileTheAgentIsDownIsFoundSoonAfterItsReturn(t *testing.T) {
	t.Parallel()
	agent := newOwnAgent(t)
	client := newClient(t, agent.Addr())
	first, stays := serveInstance(t, "replaced"), serveInstance(t, "replaced")
	stop := register(t, client, first.Instance)
	register(t, client, stays.Instance)
	c := resolve(t, agent.Addr(), "replaced")
	eventually(t, 15*time.Second, "both are found", c.has(first, stays))
	agent.stop(t)
	stop()
	second := serveInstance(t, "replaced")
	register(t, client, second.Instance)
	agent.startEmpty(t)
	back := time.Now()
	eventually(t, 15*time.Second, "its successor is found", c.has(second, stays))
	took := time.Since(back)
	if took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	t.Logf("measured: found %v after the return of an agent that had lost its data", took)
}

func TestResolvingContinuesAfterTheAgentWasPaused(t *testing.T) {
	t.Parallel()
	agent := newOwnAgent(t)
	client := newClient(t, agent.Addr())
	first := serveInstance(t, "paused")
	stop := register(t, client, first.Instance)
	c := resolve(t, agent.Addr(), "paused")
	eventually(t, 15*time.Second, "it is found", c.has(first))
	if err := agent.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	stop()
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("closing the resolver of a paused agent took %v", took)
	}
	second := serveInstance(t, "paused")
	register(t, client, second.Instance)
	if err := agent.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	back := time.Now()
	eventually(t, 5*time.Second, "its successor is found", func() bool { return c.has(second)() || c.has(first, second)() })
	t.Logf("measured: found %v after the pause", time.Since(back))
}

func TestAHealthyInstancePassesSoonAfterItsRegistrationAndAfterItsLoss(t *testing.T) {
	t.Parallel()
	client := newClient(t, agent.Addr())
	i := serveInstance(t, "prompt")
	start := time.Now()
	register(t, client, i.Instance)
	eventually(t, 15*time.Second, "it passes", passes(t, client, "prompt"))
	first := time.Since(start)
	if err := client.Agent().ServiceDeregister(i.ID); err != nil {
		t.Fatal(err)
	}
	start = time.Now()
	eventually(t, 15*time.Second, "it passes again", passes(t, client, "prompt"))
	again := time.Since(start)
	if first > 4*time.Second || again > 5*time.Second {
		t.Errorf("passing %v after its registration, and again %v after its loss", first, again)
	}
	t.Logf("measured: it passes %v after its registration, and again %v after that was lost", first, again)
}

// The delay is described at registrar.isKnown. This test does not run in parallel, because it uses most of the machine.
func TestAnInstancePassesSoonAlthoughTheAgentDelaysItsSync(t *testing.T) {
	fresh := newOwnAgent(t)
	client := newClient(t, fresh.Addr())
	disturb(t, client, 5*time.Second) // a new agent compares its data with the catalog within 3 seconds
	i := serveInstance(t, "reticent")
	register(t, client, i.Instance)
	start := time.Now()
	eventually(t, 10*time.Second, "it passes", passes(t, client, "reticent"))
	t.Logf("measured: it passes %v after its registration", time.Since(start))
}

// disturb keeps the agent busy with registrations for a while.
func disturb(t *testing.T, client *api.Client, while time.Duration) {
	t.Helper()
	until := time.Now().Add(while)
	var done sync.WaitGroup
	for n := range 4 {
		done.Go(func() {
			id := strconv.Itoa(n)
			for time.Now().Before(until) {
				if err := client.Agent().ServiceRegister(&api.AgentServiceRegistration{ID: id, Name: "busy"}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	done.Wait()
}
