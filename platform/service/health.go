package service

import (
	"context"
	"time"

	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
)

const (
	// The time between checks. They are made more often until all have passed once, because a shop that starts waits for that.
	healthEvery = time.Second
	healthSoon  = 50 * time.Millisecond

	healthTimeout = time.Second
)

type check struct {
	name string
	run  func(context.Context) error
}

// Require makes the process's health depend on check: while it fails, Consul sends no calls to this process.
func (s *Service) Require(name string, run func(context.Context) error) {
	s.checks = append(s.checks, check{name: name, run: run})
}

// watchHealth keeps the health status up to date until ctx is done.
func (s *Service) watchHealth(ctx context.Context) {
	healthy := true
	tick := time.NewTicker(healthSoon)
	defer tick.Stop()
	for started := false; ; {
		name, err := s.firstFailure(ctx)
		if ctx.Err() != nil {
			return
		}
		if (err == nil) != healthy {
			healthy = err == nil
			s.logger.Warn("health changed", "healthy", healthy, "dependency", name, "error", err)
		}
		if healthy && !started {
			started = true
			tick.Reset(healthEvery)
		}
		// Container health checks ask without a service name, Consul with it.
		s.health.SetServingStatus("", servingStatus(err))
		s.health.SetServingStatus(s.name, servingStatus(err))
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *Service) firstFailure(ctx context.Context) (string, error) {
	for _, c := range s.checks {
		ctx, cancel := context.WithTimeout(ctx, healthTimeout)
		err := c.run(ctx)
		cancel()
		if err != nil {
			return c.name, err
		}
	}
	return "", nil
}

func servingStatus(err error) healthv1.HealthCheckResponse_ServingStatus {
	if err != nil {
		return healthv1.HealthCheckResponse_NOT_SERVING
	}
	return healthv1.HealthCheckResponse_SERVING
}
