package service

import (
	"context"
	"time"

	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
)

const (
	healthEvery   = time.Second
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
	tick := time.NewTicker(healthEvery)
	defer tick.Stop()
	for {
		name, err := s.firstFailure(ctx)
		if ctx.Err() != nil {
			return
		}
		if (err == nil) != healthy {
			healthy = err == nil
			s.logger.Warn("health changed", "healthy", healthy, "dependency", name, "error", err)
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
