package telemetry

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// requestShare is the share of the requests from outside the shop whose traces are sent.
var requestShare float64

type sampledKey struct{}

// isSampled reports whether Request has decided to send the trace of ctx.
func isSampled(ctx context.Context) bool { return ctx.Value(sampledKey{}) != nil }

// Request begins the span of a request from outside the shop. It goes on with the trace of the client's header traceparent, if that is valid, but
// not with its wish to be sampled. The answer's header of this name tells the client where its trace went on. If the trace is not sent, the request
// has IDs alone, because a span that is thrown away takes longer.
func Request(ctx context.Context, traceparent, name string) (_ context.Context, span trace.Span, answer string) {
	var given trace.SpanContext
	if traceparent != "" {
		given = trace.SpanContextFromContext(Propagator.Extract(context.Background(), propagation.MapCarrier{header: traceparent}))
	}
	if chosen(requestShare) {
		ctx = context.WithValue(trace.ContextWithRemoteSpanContext(ctx, given), sampledKey{}, true)
		ctx, span = Tracer().Start(ctx, name, trace.WithSpanKind(trace.SpanKindServer))
	} else {
		ctx = trace.ContextWithSpanContext(ctx, unsent(given))
		span = trace.SpanFromContext(ctx)
	}
	return ctx, span, formatted(span.SpanContext())
}

// unsent returns the IDs of a span that is not sent, in the trace of a client or else in a trace of its own.
func unsent(given trace.SpanContext) trace.SpanContext {
	id, span := given.TraceID(), trace.SpanID{}
	if !given.IsValid() {
		binary.NativeEndian.PutUint64(id[:8], rand.Uint64()) //nolint:gosec // no secret
		binary.NativeEndian.PutUint64(id[8:], rand.Uint64()) //nolint:gosec // no secret
	}
	binary.NativeEndian.PutUint64(span[:], rand.Uint64()) //nolint:gosec // no secret
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: span})
}

// formatted returns the header traceparent (https://www.w3.org/TR/trace-context/#traceparent-header).
func formatted(c trace.SpanContext) string {
	text := []byte("00-................................-................-..")
	id, span, flags := c.TraceID(), c.SpanID(), [1]byte{byte(c.TraceFlags())}
	hex.Encode(text[3:], id[:])
	hex.Encode(text[36:], span[:])
	hex.Encode(text[53:], flags[:])
	return string(text)
}
