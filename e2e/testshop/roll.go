package testshop

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"souk/deploy/local/stack"
)

// How long a successor may take to pass its health check.
const succeedWithin = 30 * time.Second

// Roll replaces the instances of a service one after the other, as a rolling update does: a successor is started beside the
// instance, which is told to stop once Consul has the successor passing. So one instance serves at any moment.
func (s *Shop) Roll(ctx context.Context, service string) error {
	if !slices.Contains(stack.Services, service) {
		return fmt.Errorf("the shop has no service named %q", service)
	}
	cfg := s.Config()
	if err := cfg.CheckUnpinned(service); err != nil {
		return fmt.Errorf("roll %s: %w", service, err)
	}
	for _, part := range s.Instances(service) {
		if err := s.succeed(ctx, service, part); err != nil {
			return fmt.Errorf("roll %s: %w", part, err)
		}
	}
	return nil
}

// succeed replaces one instance. One whose successor does not come up goes on.
func (s *Shop) succeed(ctx context.Context, service, part string) error {
	s.restarting[part].Lock()
	defer s.restarting[part].Unlock()
	before, err := s.Passing(ctx, service)
	if err != nil {
		return err
	}
	old := s.Process(part)
	if err := s.StartPart(ctx, part); err != nil {
		return err
	}
	if err := s.awaitSuccessor(ctx, service, s.Process(part).Done(), before); err != nil {
		err = errors.Join(err, s.Process(part).Kill())
		s.SetProcess(part, old)
		return err
	}
	return old.Stop(ctx)
}

// awaitSuccessor waits until an instance of the service passes that did not before.
func (s *Shop) awaitSuccessor(ctx context.Context, service string, ended <-chan struct{}, before []string) error {
	ctx, cancel := context.WithTimeout(ctx, succeedWithin)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		now, err := s.Passing(ctx, service)
		if err == nil && slices.ContainsFunc(now, func(id string) bool { return !slices.Contains(before, id) }) {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("its successor does not pass its health check: %w", ctx.Err()), err)
		case <-ended:
			return errors.New("its successor has ended")
		case <-tick.C:
		}
	}
}
