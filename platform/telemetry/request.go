package telemetry

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"net/http"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// requestShare is the share of the requests from outside the shop whose traces are sent.
var requestShare float64

// Request begins the span of a request from outside the shop. It goes on with the trace of the client's header traceparent, if that is valid, but
// not with its wish to be sampled. If the trace is not sent, the request has IDs alone, because a span that is thrown away takes longer. The answer
// names the trace (Announce) if it is the client's or is sent. Another trace could not be found.
func Request(ctx context.Context, traceparent, name string, answer http.Header) (context.Context, trace.Span) {
	var given trace.SpanContext
	if traceparent != "" {
		given = trace.SpanContextFromContext(Propagator.Extract(context.Background(), propagation.MapCarrier{header: traceparent}))
	}
	send := chosen(requestShare)
	if send {
		ctx, _ = Tracer().Start(toSend(trace.ContextWithRemoteSpanContext(ctx, given)), name, trace.WithSpanKind(trace.SpanKindServer))
	} else {
		ctx = trace.ContextWithSpanContext(ctx, unsent(given))
	}
	if send || given.IsValid() {
		Announce(ctx, answer)
	}
	return ctx, trace.SpanFromContext(ctx)
}

// Announce tells the client, in the header traceparent of the answer, where its request is in the trace of ctx. It does nothing without a trace.
func Announce(ctx context.Context, answer http.Header) {
	Propagator.Inject(ctx, propagation.HeaderCarrier(answer))
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
