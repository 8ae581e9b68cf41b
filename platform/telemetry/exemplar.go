package telemetry

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
)

// Observe adds a time to a histogram. If the trace of ctx is sampled, it becomes the time's exemplar, so that a dashboard leads
// from a slow time to its trace.
func Observe(ctx context.Context, histogram prometheus.Observer, took time.Duration) {
	if On() {
		if c := trace.SpanContextFromContext(ctx); c.IsSampled() {
			histogram.(prometheus.ExemplarObserver).ObserveWithExemplar(took.Seconds(), prometheus.Labels{"trace_id": c.TraceID().String()})
			return
		}
	}
	histogram.Observe(took.Seconds())
}
