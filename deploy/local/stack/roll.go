package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/consul/api"
)

// How long a successor may take to pass its health check.
const succeedWithin = 30 * time.Second

// Roll replaces the instances of a service one after the other, as a rolling update does: a successor is started beside the
// instance, which is told to stop once Consul has the successor passing. So one instance serves at any moment.
func (s *Stack) Roll(ctx context.Context, service string) error {
	if !slices.Contains(Services, service) {
		return fmt.Errorf("the shop has no service named %q", service)
	}
	if err := s.cfg.checkUnpinned(service); err != nil {
		return fmt.Errorf("roll %s: %w", service, err)
	}
	for _, part := range s.cfg.Instances(service) {
		if err := s.succeed(ctx, service, part); err != nil {
			return fmt.Errorf("roll %s: %w", part, err)
		}
	}
	return nil
}

// succeed replaces one instance. One whose successor does not come up goes on.
func (s *Stack) succeed(ctx context.Context, service, part string) error {
	s.restarting[part].Lock()
	defer s.restarting[part].Unlock()
	before, err := s.passing(ctx, service)
	if err != nil {
		return err
	}
	old := s.Process(part)
	if err := s.startService(ctx, part); err != nil {
		return err
	}
	if err := s.awaitSuccessor(ctx, service, s.Process(part).Done(), before); err != nil {
		err = errors.Join(err, s.Process(part).Kill())
		s.runs(part)(old)
		return err
	}
	return old.Stop(ctx)
}

// awaitSuccessor waits until an instance of the service passes that did not before.
func (s *Stack) awaitSuccessor(ctx context.Context, service string, ended <-chan struct{}, before []string) error {
	ctx, cancel := context.WithTimeout(ctx, succeedWithin)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		now, err := s.passing(ctx, service)
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

// passing returns the ids of the instances of a service that pass their health check in Consul.
func (s *Stack) passing(ctx context.Context, service string) ([]string, error) {
	entries, _, err := s.registry.Health().Service(service, "", true, (&api.QueryOptions{}).WithContext(ctx))
	var ids []string
	for _, entry := range entries {
		ids = append(ids, entry.Service.ID)
	}
	return ids, err
}
