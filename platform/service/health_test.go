package service

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
)

func TestAServiceIsCheckedOftenUntilItIsHealthyForTheFirstTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &Service{name: "late", logger: slog.New(slog.DiscardHandler), health: health.NewServer()}
		var healthy atomic.Bool
		var checks atomic.Int32
		s.Require("database", func(context.Context) error {
			checks.Add(1)
			if !healthy.Load() {
				return errors.New("away")
			}
			return nil
		})
		ctx, cancel := context.WithCancel(t.Context())
		go s.watchHealth(ctx)
		serves := func() bool {
			synctest.Wait()
			answer, err := s.health.Check(t.Context(), &healthv1.HealthCheckRequest{Service: "late"})
			return err == nil && answer.GetStatus() == healthv1.HealthCheckResponse_SERVING
		}
		time.Sleep(3 * time.Second)
		if serves() {
			t.Fatal("it serves although its database is away")
		}
		healthy.Store(true)
		if time.Sleep(healthSoon); !serves() {
			t.Errorf("it does not serve %v after its database came", healthSoon)
		}
		before := checks.Load()
		time.Sleep(10 * time.Second)
		if got := checks.Load() - before; got > 10 {
			t.Errorf("%d checks in ten seconds afterwards, want 10", got)
		}
		healthy.Store(false)
		if time.Sleep(healthEvery); serves() {
			t.Errorf("it serves %v after its database went", healthEvery)
		}
		cancel()
		synctest.Wait()
	})
}
