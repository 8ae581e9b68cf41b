package stack

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"souk/testkit/scrape"

	"github.com/hashicorp/consul/api"
)

// The time limit for all services to start, migrations included.
const readyWithin = 90 * time.Second

// waitReady waits until the gateway reaches every service and every instance passes its health check. It returns an error if a
// process ends meanwhile.
func (s *Stack) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if s.ready(ctx) && s.complete(ctx) {
			s.cfg.say("%d instances of the services and the gateway are up", len(s.cfg.instances()))
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
		if ids, err := s.Passing(ctx, service); err != nil || len(ids) < len(s.cfg.Instances(service)) {
			return false
		}
	}
	return true
}

// Passing returns the ids of the instances of a service that pass their health check in Consul.
func (s *Stack) Passing(ctx context.Context, service string) ([]string, error) {
	entries, _, err := s.registry.Health().Service(service, "", true, (&api.QueryOptions{}).WithContext(ctx))
	var ids []string
	for _, entry := range entries {
		ids = append(ids, entry.Service.ID)
	}
	return ids, err
}

// ready reports whether every gateway is ready and reaches every service.
func (s *Stack) ready(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	for _, part := range s.cfg.Instances(Gateway) {
		if fetch(ctx, "http://"+s.GatewayAddr(part)+"/readyz") != nil {
			return false
		}
	}
	entries, _, err := s.registry.Health().Service(Gateway, "", false, (&api.QueryOptions{}).WithContext(ctx))
	if err != nil || len(entries) < len(s.cfg.Instances(Gateway)) {
		return false
	}
	return !slices.ContainsFunc(entries, func(entry *api.ServiceEntry) bool { return !reachesAll(ctx, entry.Service.Meta["admin"]) })
}

// reachesAll reports whether a gateway reached every service at its last check. Without an admin port it cannot be asked, and
// the result is true.
func reachesAll(ctx context.Context, admin string) bool {
	if admin == "" {
		return true
	}
	metrics, err := scrape.Read(ctx, admin)
	if err != nil {
		return false
	}
	// A gateway of an earlier version knows fewer services.
	known := metrics.Count("souk_dependency_up")
	return known > 0 && metrics.Sum("souk_dependency_up") == float64(known)
}

// fetch asks for a page and returns an error unless the answer is 200.
func fetch(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, resp.Status)
	}
	return nil
}

// ended returns an error if a service has ended.
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
