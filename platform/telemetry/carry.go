package telemetry

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Propagator carries a trace from process to process in the header traceparent (https://www.w3.org/TR/trace-context/). Baggage
// is not carried, because a client could put anything into it.
var Propagator propagation.TextMapPropagator = propagation.TraceContext{}

const header = "traceparent"

// Tracer returns the tracer for spans of the shop's own code.
func Tracer() trace.Tracer { return otel.Tracer("souk") }

// Traceparent returns the position of ctx in its trace, to be stored with work that goes on later, or "" if nothing is traced.
// Resume takes it.
func Traceparent(ctx context.Context) string {
	if !On() {
		return ""
	}
	carrier := propagation.MapCarrier{}
	Propagator.Inject(ctx, carrier)
	return carrier[header]
}

// TraceID returns the ID of the trace of ctx, or "".
func TraceID(ctx context.Context) string {
	if c := trace.SpanContextFromContext(ctx); c.IsValid() {
		return c.TraceID().String()
	}
	return ""
}

// Resume begins a span for work that goes on with the trace at traceparent, which Traceparent has returned. If ctx is in another
// trace, for example in that of a process that reads a feed, the span has a link to that. An empty or broken traceparent changes
// nothing. Call end with the work's error.
func Resume(ctx context.Context, traceparent, name string, attributes ...attribute.KeyValue) (_ context.Context, end func(error)) {
	if !On() {
		return ctx, func(error) {}
	}
	options := []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(attributes...)}
	began := trace.SpanContextFromContext(Propagator.Extract(context.Background(), propagation.MapCarrier{header: traceparent}))
	if here := trace.SpanContextFromContext(ctx); began.IsValid() && here.TraceID() != began.TraceID() {
		if here.IsValid() {
			options = append(options, trace.WithLinks(trace.Link{SpanContext: here}))
		}
		ctx = trace.ContextWithRemoteSpanContext(ctx, began)
	}
	return start(ctx, name, options...)
}

// Span begins a span for a step of the work. Call end with the step's error.
func Span(ctx context.Context, name string, attributes ...attribute.KeyValue) (_ context.Context, end func(error)) {
	if !On() {
		return ctx, func(error) {}
	}
	return start(ctx, name, trace.WithAttributes(attributes...))
}

func start(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, func(error)) {
	ctx, span := Tracer().Start(ctx, name, options...)
	return ctx, func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// Order returns the attribute of a span for an order's ID.
func Order(id string) attribute.KeyValue { return attribute.String("souk."+OrderID, id) }
