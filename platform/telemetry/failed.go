package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

type failureKey struct{}

// isFailure reports whether a span is begun by Failed.
func isFailure(ctx context.Context) bool { return ctx.Value(failureKey{}) != nil }

// Failed sends a span for work that has failed, if the trace of ctx is not sampled. Such a trace has no other spans, because to record
// spans that are nearly always thrown away is costly. The span has the facts that are noted about the request.
func Failed(ctx context.Context, name string, began time.Time, kind trace.SpanKind, attributes ...attribute.KeyValue) {
	if !On() || trace.SpanContextFromContext(ctx).IsSampled() {
		return
	}
	for _, note := range noted(ctx) {
		attributes = append(attributes, attribute.String("souk."+note.Key, note.Value.String()))
	}
	_, span := Tracer().Start(context.WithValue(ctx, failureKey{}, true), name,
		trace.WithTimestamp(began), trace.WithSpanKind(kind), trace.WithAttributes(attributes...))
	span.SetStatus(codes.Error, "")
	span.End()
}
