package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

type sentKey struct{}

// toSend returns ctx for a span that the sampler is to send, whatever trace it is in.
func toSend(ctx context.Context) context.Context { return context.WithValue(ctx, sentKey{}, true) }

// isToSend reports whether ctx is from toSend.
func isToSend(ctx context.Context) bool { return ctx.Value(sentKey{}) != nil }

// Failed sends a span for work that has failed, if the trace of ctx is not sampled. Such a trace has no other spans, because to record
// spans that are nearly always thrown away is costly. The span has the facts that are noted about the request.
func Failed(ctx context.Context, name string, began time.Time, kind trace.SpanKind, attributes ...attribute.KeyValue) {
	if !On() || trace.SpanContextFromContext(ctx).IsSampled() {
		return
	}
	for _, note := range noted(ctx) {
		attributes = append(attributes, attribute.String("souk."+note.Key, note.Value))
	}
	_, span := Tracer().Start(toSend(ctx), name,
		trace.WithTimestamp(began), trace.WithSpanKind(kind), trace.WithAttributes(attributes...))
	span.SetStatus(codes.Error, "")
	span.End()
}
