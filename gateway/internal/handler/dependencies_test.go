package handler_test

import (
	"context"
	"testing"
	"time"

	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"souk/gateway/internal/handler"
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
