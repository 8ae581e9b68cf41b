package testshop

import (
	"context"
	"fmt"
	"sync"
	"time"

	"souk/testkit/devserver"
)

// How often Supervise looks for parts that have ended.
const superviseEvery = 100 * time.Millisecond

// parts are the processes of a shop by their names, such as orders-2 and postgres.
type parts struct {
	names   []string
	process func(name string) *devserver.Process
	start   func(ctx context.Context, name string) error

	mu sync.Mutex
	// Parts that were killed, and not started again yet.
	down map[string]bool
	// A part is restarted by one at a time.
	restarting map[string]*sync.Mutex
}

func newParts(names []string, process func(string) *devserver.Process, start func(context.Context, string) error) *parts {
	p := &parts{names: names, process: process, start: start, down: map[string]bool{}, restarting: map[string]*sync.Mutex{}}
	for _, name := range names {
		p.restarting[name] = &sync.Mutex{}
	}
	return p
}

// Kill ends a part with SIGKILL, a database with all its sessions. It stays down until Restart. A part that is just being started
// can be killed too.
func (p *parts) Kill(name string) error {
	process, err := p.find(name)
	if err != nil {
		return err
	}
	p.setDown(name, true)
	return process.Kill()
}

// Pause makes a part stand still, with SIGSTOP, until Resume.
func (p *parts) Pause(name string) error {
	process, err := p.find(name)
	if err != nil {
		return err
	}
	return process.Pause()
}

// Resume lets a part that was paused go on.
func (p *parts) Resume(name string) error {
	process, err := p.find(name)
	if err != nil {
		return err
	}
	return process.Resume()
}

// Restart starts a part again that has ended, or stops it first: on the same data and, if it is a server, on the same port. A
// server answers when it returns; a service is only on its way.
func (p *parts) Restart(ctx context.Context, name string) error {
	if _, err := p.find(name); err != nil {
		return err
	}
	p.restarting[name].Lock()
	defer p.restarting[name].Unlock()
	return p.restart(ctx, name)
}

func (p *parts) restart(ctx context.Context, name string) error {
	p.setDown(name, false)
	process := p.process(name)
	if err := process.Resume(); err != nil {
		return err
	}
	if err := process.Stop(ctx); err != nil {
		return err
	}
	return p.start(ctx, name)
}

// Supervise starts each part again that ends by itself, as an orchestrator would, until ctx is done. It returns when nothing is
// being restarted any more. A service whose database is away may end as it starts.
func (p *parts) Supervise(ctx context.Context) {
	var watching sync.WaitGroup
	for _, name := range p.names {
		watching.Go(func() { p.supervise(ctx, name) })
	}
	watching.Wait()
}

func (p *parts) supervise(ctx context.Context, name string) {
	tick := time.NewTicker(superviseEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		_ = p.revive(ctx, name) // a part that does not start is tried again at the next tick
	}
}

// revive starts a part again if it has ended by itself.
func (p *parts) revive(ctx context.Context, name string) error {
	p.restarting[name].Lock()
	defer p.restarting[name].Unlock()
	if !p.hasEnded(name) {
		return nil
	}
	return p.restart(ctx, name)
}

// hasEnded reports whether a part has ended without having been killed.
func (p *parts) hasEnded(name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	process := p.process(name)
	if process == nil || p.down[name] {
		return false
	}
	select {
	case <-process.Done():
		return true
	default:
		return false
	}
}

func (p *parts) setDown(name string, down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down[name] = down
}

func (p *parts) find(name string) (*devserver.Process, error) {
	if process := p.process(name); process != nil {
		return process, nil
	}
	return nil, fmt.Errorf("the shop has no part named %q", name)
}
