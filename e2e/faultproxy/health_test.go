package faultproxy

import (
	"testing"

	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
)

func TestWhoWatchesAServiceThroughAProxySeesItGoAndReturn(t *testing.T) {
	t.Parallel()
	c := &callee{}
	_, client := setup(t, c)
	if err := call(t, client); err != nil {
		t.Fatal(err)
	}
	watch, err := client.Watch(t.Context(), &healthv1.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	until := func(want healthv1.HealthCheckResponse_ServingStatus) {
		t.Helper()
		for {
			update, err := watch.Recv()
			if err != nil {
				t.Fatalf("the watch ended with %v before it said %s", err, want)
			}
			if update.GetStatus() == want {
				return
			}
		}
	}
	until(healthv1.HealthCheckResponse_SERVING)
	for range 3 {
		c.stop()
		until(healthv1.HealthCheckResponse_NOT_SERVING)
		c.stop = c.start()
		until(healthv1.HealthCheckResponse_SERVING)
	}
}
