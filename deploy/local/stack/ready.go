package stack

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// How long the services may take to come up, migrations included.
const readyWithin = 90 * time.Second

// waitReady waits until the gateway reaches every service, and every instance passes its health check. A process that ends
// meanwhile is the error.
func (s *Stack) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if s.Ready(ctx) && s.complete(ctx) {
			s.cfg.say("%d instances of the seven services and the gateway are up", len(s.cfg.instances()))
			return nil
		}
		if err := s.ended(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the shop is not ready: %w; see %s", ctx.Err(), s.cfg.path("logs"))
		case <-tick.C:
		}
	}
}

// complete reports whether every instance of every service passes its health check.
func (s *Stack) complete(ctx context.Context) bool {
	for _, service := range Services {
		if ids, err := s.passing(ctx, service); err != nil || len(ids) < len(s.cfg.Instances(service)) {
			return false
		}
	}
	return true
}

func ready(ctx context.Context, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer func() { _ = resp.Body.Close() }()
	return resp.StatusCode == http.StatusOK
}

// ended returns why a service has ended, if one has.
func (s *Stack) ended() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, p := range s.processes {
		select {
		case <-p.Done():
			return fmt.Errorf("%s did not start: %w", name, p.Err())
		default:
		}
	}
	return nil
}
