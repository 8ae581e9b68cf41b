package handler_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"souk/gateway/internal/handler"
	"souk/testkit/scrape"
)

func TestReadinessDoesNotDependOnServices(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.send(t, guest, "GET", "/readyz", nil).mustBe(t, 200, `{"status": "ok"}`)
	s.health.SetServingStatus("", healthv1.HealthCheckResponse_NOT_SERVING)
	s.send(t, guest, "GET", "/readyz", nil).mustBe(t, 200, `{"status": "ok"}`)
	s.stopping.Store(true)
	s.send(t, guest, "GET", "/readyz", nil).refused(t, 503, "unavailable")
	s.send(t, guest, "GET", "/healthz", nil).mustBe(t, 200, `{"status": "ok"}`)
}

func TestStaffSeeWhichServicesAreDown(t *testing.T) {
	t.Parallel()
	s := open(t)
	list := func(status string) string {
		return `{"items": [{"name": "catalog", "status": "` + status + `", "left_alone": []}, {"name": "orders", "status": "` + status + `", "left_alone": []}]}`
	}
	s.send(t, staff, "GET", "/v1/admin/dependencies", nil).mustBe(t, 200, list("serving"))
	s.health.SetServingStatus("", healthv1.HealthCheckResponse_NOT_SERVING)
	s.send(t, staff, "GET", "/v1/admin/dependencies", nil).mustBe(t, 200, list("away"))
	s.health.SetServingStatus("", healthv1.HealthCheckResponse_SERVING)
	s.send(t, staff, "GET", "/v1/admin/dependencies", nil).mustBe(t, 200, list("serving"))
}

func TestAwaitReturnsWhenAllServicesAreServing(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.health.SetServingStatus("", healthv1.HealthCheckResponse_NOT_SERVING)
	d := handler.Dependencies{"catalog": s.conn, "orders": s.conn}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if d.Await(ctx); ctx.Err() == nil {
		t.Error("Await returned although not all services are serving")
	}
	s.health.SetServingStatus("", healthv1.HealthCheckResponse_SERVING)
	ctx, cancel = context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if d.Await(ctx); ctx.Err() != nil {
		t.Error("Await has not returned although all services are serving")
	}
}

func TestOthersAreAwaitedWithoutAnOptionalService(t *testing.T) {
	t.Parallel()
	s := open(t)
	away, err := grpc.NewClient("passthrough:///127.0.0.1:1", grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = away.Close() })
	all := handler.Dependencies{"shop": s.conn, "optional": away}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	all.Show()
	all.Without("optional").Await(ctx)
	if ctx.Err() != nil || len(all) != 2 {
		t.Errorf("of %d services: %v", len(all), ctx.Err())
	}
	metrics, err := scrape.Own()
	if err != nil {
		t.Fatal(err)
	}
	const up = "souk_dependency_up"
	if metrics.Count(up, "peer", "optional") != 1 || metrics.Sum(up, "peer", "optional") != 0 || metrics.Sum(up, "peer", "shop") != 1 {
		t.Errorf("the metric has not one service that was reached and one that was not: %v", metrics[up])
	}
}
