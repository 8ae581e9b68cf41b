package service

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/sync/errgroup"

	"souk/platform/consul"
	"souk/platform/security"
)

// Run serves until ctx is done. Then health says NOT_SERVING, the process goes on for its lame duck's time, leaves Consul and takes
// calls until it has, calls under way end, and at last background work does. It stops early, in the same order, with the error of whatever failed.
func (s *Service) Run(ctx context.Context) error {
	defer s.close()
	ctx = security.With(ctx, security.New(s.logger), "") // of background work; each request has its own
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
		// Nobody could call us before.
		if err := s.identity.Await(ctx); err != nil {
			stopWorking()
			return errors.Join(listener.Close(), group.Wait())
		}
	}
	s.live(ctx, group, phases{working: working, stopWorking: stopWorking}, listener, admin)
	s.logger.Info("serving", "address", listener.Addr().String())
	err = group.Wait()
	s.logger.Info("stopped")
	return err
}

// phases are what outlasts the context of a process that is told to stop.
type phases struct {
	// working ends when the last call has ended.
	working     context.Context
	stopWorking context.CancelFunc
}

// live has group do everything that a process does, and end it in order once ctx is done.
func (s *Service) live(ctx context.Context, group *errgroup.Group, p phases, listener net.Listener, admin net.Addr) {
	drain := s.serve(p.working, group, listener)
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

// until runs a task until ctx is done. That it ends with an error then is no failure.
func (t task) until(ctx context.Context) error {
	if err := t.run(ctx); err != nil && ctx.Err() == nil {
		return fmt.Errorf("%s: %w", t.name, err)
	}
	return nil
}
