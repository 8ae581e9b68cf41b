package service

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"

	"souk/platform/consul"
	"souk/platform/security"
)

// Run serves until ctx is done. Then it stops in this order: health reports NOT_SERVING, the process serves on for its lame
// duck time, it deregisters from Consul while still taking calls, the calls under way end, and finally the background work
// ends. If anything fails, Run stops early in the same order and returns that error.
func (s *Service) Run(ctx context.Context) error {
	defer s.close()
	// For background work; each request has a journal and an actor of its own.
	ctx = security.WithActor(security.With(ctx, security.New(s.logger), ""), security.Actor{Service: s.name})
	if err := s.prepare(); err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.listen.Addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	group, ctx := errgroup.WithContext(ctx)
	working, stopWorking := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWorking()
	admin, err := s.serveAdmin(working, group)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	group.Go(func() error {
		return consul.Certify(working, s.cfg.Consul, s.name, s.identity, s.cfg.KeepDir, s.logger)
	})
	if s.handler == nil {
		// Without a certificate no peer could call this process anyway.
		if err := s.identity.Await(ctx); err != nil {
			stopWorking()
			return errors.Join(listener.Close(), group.Wait())
		}
	}
	s.live(ctx, group, phases{working: working, stopWorking: stopWorking}, listener, admin)
	debug.FreeOSMemory() // what only the start needed
	s.logger.Info("serving", "address", listener.Addr().String())
	err = group.Wait()
	s.logger.Info("stopped")
	return err
}

// phases are the contexts that end after ctx while the process stops.
type phases struct {
	// working ends after the last call.
	working     context.Context
	stopWorking context.CancelFunc
}

// live starts everything that a process does in group, and stops it in order once ctx is done.
func (s *Service) live(ctx context.Context, group *errgroup.Group, p phases, listener net.Listener, admin net.Addr) {
	drain := s.serve(p.working, group, listener)
	s.serving.Store(true)
	serving, stopServing := context.WithCancel(p.working)
	listed, leave := context.WithCancel(p.working)
	left := make(chan struct{})
	group.Go(func() error { defer close(left); s.register(listed, listener.Addr(), admin); return nil })
	group.Go(func() error { s.watchHealth(ctx); return nil })
	for _, t := range s.background {
		until := p.working
		if t.whileServing {
			until = serving
		}
		group.Go(func() error { return t.until(until) })
	}
	group.Go(func() error {
		<-ctx.Done()
		s.stopping.Store(true)
		s.health.Shutdown()
		<-time.After(s.web.LameDuck)
		leave()
		<-left
		stopServing()
		drain()
		p.stopWorking()
		return nil
	})
}

// until runs a task until ctx is done. Errors after that are ignored.
func (t task) until(ctx context.Context) error {
	if err := t.run(ctx); err != nil && ctx.Err() == nil {
		return fmt.Errorf("%s: %w", t.name, err)
	}
	return nil
}
