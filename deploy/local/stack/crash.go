package stack

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"souk/testkit/devserver"
)

// How often Supervise looks for parts that have ended.
const superviseEvery = 100 * time.Millisecond

// Kill ends a part of the shop with SIGKILL, a database with all its sessions. It stays down until Restart.
// A part that is just being started can be killed too.
func (s *Stack) Kill(name string) error {
	p, err := s.part(name)
	if err != nil {
		return err
	}
	s.setDown(name, true)
	return p.Kill()
}

// Pause makes a part of the shop stand still, with SIGSTOP, until Resume.
func (s *Stack) Pause(name string) error {
	p, err := s.part(name)
	if err != nil {
		return err
	}
	return p.Pause()
}

// Resume lets a part that was paused go on.
func (s *Stack) Resume(name string) error {
	p, err := s.part(name)
	if err != nil {
		return err
	}
	return p.Resume()
}

// Restart starts a part again that has ended, or stops it first: on the same data and, if it is a server,
// on the same port. A server answers when it returns; a service is only on its way.
func (s *Stack) Restart(ctx context.Context, name string) error {
	if _, err := s.part(name); err != nil {
		return err
	}
	s.restarting[name].Lock()
	defer s.restarting[name].Unlock()
	return s.restart(ctx, name)
}

func (s *Stack) restart(ctx context.Context, name string) error {
	s.setDown(name, false)
	p := s.Process(name)
	if err := p.Resume(); err != nil {
		return err
	}
	if err := p.Stop(ctx); err != nil {
		return err
	}
	switch name {
	case Postgres:
		return s.startPostgres(ctx)
	case Mongo:
		return s.startMongo(ctx)
	case Consul:
		return s.startConsul(ctx)
	default:
		return s.startService(ctx, name)
	}
}

// WipeConsul deletes all that Consul has stored: what is registered, tokens, its certificate authority. It must have been
// killed. Restart starts it with nothing, and the services' tokens are made anew.
func (s *Stack) WipeConsul() error { return os.RemoveAll(s.cfg.path("consul")) }

// Supervise starts each part again that ends by itself, as an orchestrator would, until ctx is done. It
// returns when nothing is being restarted any more. A service whose database is away may end as it starts.
func (s *Stack) Supervise(ctx context.Context) {
	var watching sync.WaitGroup
	for _, name := range s.cfg.parts() {
		watching.Go(func() { s.supervise(ctx, name) })
	}
	watching.Wait()
}

func (s *Stack) supervise(ctx context.Context, name string) {
	tick := time.NewTicker(superviseEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := s.revive(ctx, name); err != nil {
			s.cfg.say("%s does not start: %v", name, err)
		}
	}
}

// revive starts a part again if it has ended by itself.
func (s *Stack) revive(ctx context.Context, name string) error {
	s.restarting[name].Lock()
	defer s.restarting[name].Unlock()
	if !s.hasEnded(name) {
		return nil
	}
	return s.restart(ctx, name)
}

// hasEnded reports whether a part has ended without having been killed.
func (s *Stack) hasEnded(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.processes[name]
	if p == nil || s.down[name] {
		return false
	}
	select {
	case <-p.Done():
		return true
	default:
		return false
	}
}

func (s *Stack) setDown(name string, down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down[name] = down
}

func (s *Stack) part(name string) (*devserver.Process, error) {
	if p := s.Process(name); p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("the shop has no part named %q", name)
}
