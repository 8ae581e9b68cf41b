package rpc_test

import (
	"sync"
	"testing"
	"time"

	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/status"
)

func TestAnInstanceThatDoesNotServeGetsNoCall(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	conn := s.dial(t, "orders")
	if err := call(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	s.health.SetServingStatus("customers", healthv1.HealthCheckResponse_NOT_SERVING)
	for conn.GetState() == connectivity.Ready {
		conn.WaitForStateChange(t.Context(), connectivity.Ready)
	}
	s.log.take()
	if err := call(t.Context(), conn); status.Code(err) != codes.Unavailable || s.log.take() != "" {
		t.Errorf("%v, want a refusal without a call", err)
	}
	s.health.SetServingStatus("customers", healthv1.HealthCheckResponse_SERVING)
	for conn.GetState() != connectivity.Ready {
		conn.WaitForStateChange(t.Context(), conn.GetState())
	}
	if err := call(t.Context(), conn); err != nil {
		t.Errorf("when it serves again: %v", err)
	}
}

func TestHealthWatchersDoNotDelayTheShutdown(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	for range 3 {
		if err := call(t.Context(), s.dial(t, "orders")); err != nil {
			t.Fatal(err)
		}
	}
	s.health.Shutdown()
	ended := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() { s.grpc.GracefulStop(); close(ended) })
	defer group.Wait()
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Error("the server does not stop while health is being watched")
		s.grpc.Stop()
	}
}

func TestARestartedServiceIsFoundSoon(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	conn := s.dial(t, "orders")
	if err := call(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	s.grpc.Stop()
	if err := call(t.Context(), conn); status.Code(err) != codes.Unavailable {
		t.Fatalf("while it is away: %v", err)
	}
	again := serveAt(t, nil, s.addr)
	began := time.Now()
	for call(t.Context(), conn) != nil && time.Since(began) < 30*time.Second {
		conn.WaitForStateChange(t.Context(), conn.GetState())
	}
	t.Logf("measured: found %v after its restart", time.Since(began).Round(time.Millisecond))
	if took := time.Since(began); took > 5*time.Second || again.log.take() == "" {
		t.Errorf("found %v after its restart", took)
	}
}
