package testshop

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"souk/deploy/local/stack"
	"souk/testkit/devserver"
)

// newGateway returns the parts of a shop that has nothing but a gateway, which does nothing.
func newGateway(t *testing.T) *parts {
	t.Helper()
	program := filepath.Join(t.TempDir(), stack.Gateway)
	if err := os.WriteFile(program, []byte("#!/bin/sh\nexec sleep 60\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var gateway *devserver.Process
	process := func(string) *devserver.Process {
		mu.Lock()
		defer mu.Unlock()
		return gateway
	}
	started := func(p *devserver.Process) {
		mu.Lock()
		defer mu.Unlock()
		gateway = p
	}
	start := func(ctx context.Context, name string) error {
		_, err := devserver.StartProcess(ctx, devserver.ProcessConfig{Name: name, Path: program, Started: started})
		return err
	}
	if err := start(t.Context(), stack.Gateway); err != nil {
		t.Fatal(err)
	}
	p := newParts([]string{stack.Gateway}, process, start)
	t.Cleanup(func() {
		if err := p.Kill(stack.Gateway); err != nil {
			t.Error(err)
		}
	})
	return p
}

// supervise runs Supervise until the test ends.
func supervise(t *testing.T, p *parts) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { p.Supervise(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
}

// replaced waits until the gateway is another process than old, and runs.
func replaced(t *testing.T, p *parts, old *devserver.Process) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for p.process(stack.Gateway) == old || p.hasEnded(stack.Gateway) {
		select {
		case <-deadline:
			t.Fatal("the gateway was not started again")
		case <-tick.C:
		}
	}
}

func TestWhatEndsByItselfIsStartedAgain(t *testing.T) {
	t.Parallel()
	p := newGateway(t)
	supervise(t, p)
	for range 2 {
		first := p.process(stack.Gateway)
		if err := first.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		replaced(t, p, first)
	}
}

func TestWhatIsKilledStaysDownUntilItIsRestarted(t *testing.T) {
	t.Parallel()
	p := newGateway(t)
	for range 2 {
		first := p.process(stack.Gateway)
		if err := p.Pause(stack.Gateway); err != nil {
			t.Fatal(err)
		}
		if err := p.Kill(stack.Gateway); err != nil {
			t.Fatal(err)
		}
		<-first.Done()
		if err := p.revive(t.Context(), stack.Gateway); err != nil || p.process(stack.Gateway) != first {
			t.Errorf("revive: %v; want nothing done", err)
		}
		if err := p.Restart(t.Context(), stack.Gateway); err != nil {
			t.Fatal(err)
		}
		replaced(t, p, first)
	}
}

func TestARunningPartIsStoppedToBeRestarted(t *testing.T) {
	t.Parallel()
	p := newGateway(t)
	first := p.process(stack.Gateway)
	if err := p.Restart(t.Context(), stack.Gateway); err != nil {
		t.Fatal(err)
	}
	<-first.Done()
	replaced(t, p, first)
}

func TestThereIsNoSuchPart(t *testing.T) {
	t.Parallel()
	p := newParts(nil, func(string) *devserver.Process { return nil }, nil)
	for what, err := range map[string]error{
		"kill": p.Kill("nothing"), "pause": p.Pause("nothing"), "resume": p.Resume("nothing"), "restart": p.Restart(t.Context(), "nothing"),
	} {
		if err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}
