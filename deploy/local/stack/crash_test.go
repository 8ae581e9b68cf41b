package stack

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"souk/testkit/devserver"
)

// standIn is a stack with nothing but a gateway, which does nothing.
func standIn(t *testing.T) *Stack {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, Gateway), []byte("#!/bin/sh\nexec sleep 60\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	s := newStack(Config{Dir: dir, BinDir: dir})
	s.consul = &devserver.Consul{}
	if err := s.startService(t.Context(), Gateway); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Kill(Gateway); err != nil {
			t.Error(err)
		}
	})
	return s
}

// supervise runs Supervise until the test ends.
func supervise(t *testing.T, s *Stack) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { s.Supervise(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
}

// replaced waits until the gateway is another process than old, and runs.
func replaced(t *testing.T, s *Stack, old *devserver.Process) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for s.Process(Gateway) == old || s.hasEnded(Gateway) {
		select {
		case <-deadline:
			t.Fatal("the gateway was not started again")
		case <-tick.C:
		}
	}
}

func TestWhatEndsByItselfIsStartedAgain(t *testing.T) {
	t.Parallel()
	s := standIn(t)
	supervise(t, s)
	for range 2 {
		first := s.Process(Gateway)
		if err := first.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		replaced(t, s, first)
	}
}

func TestWhatIsKilledStaysDownUntilItIsRestarted(t *testing.T) {
	t.Parallel()
	s := standIn(t)
	for range 2 {
		first := s.Process(Gateway)
		if err := s.Pause(Gateway); err != nil {
			t.Fatal(err)
		}
		if err := s.Kill(Gateway); err != nil {
			t.Fatal(err)
		}
		<-first.Done()
		if err := s.revive(t.Context(), Gateway); err != nil || s.Process(Gateway) != first {
			t.Errorf("revive: %v; want nothing done", err)
		}
		if err := s.Restart(t.Context(), Gateway); err != nil {
			t.Fatal(err)
		}
		replaced(t, s, first)
	}
}

func TestARunningPartIsStoppedToBeRestarted(t *testing.T) {
	t.Parallel()
	s := standIn(t)
	first := s.Process(Gateway)
	if err := s.Restart(t.Context(), Gateway); err != nil {
		t.Fatal(err)
	}
	<-first.Done()
	replaced(t, s, first)
}

func TestThereIsNoSuchPart(t *testing.T) {
	t.Parallel()
	s := newStack(Config{})
	for what, err := range map[string]error{
		"kill": s.Kill("nothing"), "pause": s.Pause("nothing"), "resume": s.Resume("nothing"), "restart": s.Restart(t.Context(), "nothing"),
	} {
		if err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}
