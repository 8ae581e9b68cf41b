package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/metadata"
)

// Propagator carries a trace from process to process in the header traceparent (https://www.w3.org/TR/trace-context/). Baggage
// is not carried, because a client could put anything into it.
var Propagator propagation.TextMapPropagator = propagation.TraceContext{}

const header = "traceparent"

// Tracer returns the tracer for spans of the shop's own code.
func Tracer() trace.Tracer { return otel.Tracer("souk") }

type callerKey struct{}

// Incoming returns ctx for a call that this process serves.
func Incoming(ctx context.Context) context.Context {
	if !On() {
		return ctx
	}
	if given := metadata.ValueFromIncomingContext(ctx, header); len(given) == 1 {
		return context.WithValue(ctx, callerKey{}, given[0])
	}
	return ctx
}

// Traceparent returns where work goes on in the trace of ctx, to be stored with work that is to be done later, or "" if nothing is
// traced. Resume takes it. It is the caller's span rather than the present one, because the spans of this process are lost if it is
// killed, and then another process does the work.
func Traceparent(ctx context.Context) string {
	if !On() {
		return ""
	}
	if caller, ok := ctx.Value(callerKey{}).(string); ok {
		return caller
	}
	carrier := propagation.MapCarrier{}
	Propagator.Inject(ctx, carrier)
	return carrier[header]
}

// InTraceOf returns ctx in the trace of other, for work on behalf of other with few of its values.
func InTraceOf(ctx, other context.Context) context.Context {
	if !On() {
		return ctx
	}
	ctx = trace.ContextWithSpan(ctx, trace.SpanFromContext(other))
	return context.WithValue(ctx, callerKey{}, other.Value(callerKey{}))
}

// TraceID returns the ID of the trace of ctx, or "".
func TraceID(ctx context.Context) string {
	if c := trace.SpanContextFromContext(ctx); c.IsValid() {
		return c.TraceID().String()
	}
	return ""
}

// Resume begins a span for work that goes on with the trace at traceparent, which Traceparent has returned. If ctx is in another
// trace, for example in that of a process that reads a feed, the span has a link to that. With an empty or broken
// traceparent, the span is in the trace of ctx, or begins one. Call end with the work's error.
func Resume(ctx context.Context, traceparent, name string, attributes ...attribute.KeyValue) (_ context.Context, end func(error)) {
	if !On() {
		return ctx, func(error) {}
	}
	var links []trace.Link
	began := trace.SpanContextFromContext(Propagator.Extract(context.Background(), propagation.MapCarrier{header: traceparent}))
	if here := trace.SpanContextFromContext(ctx); began.IsValid() && here.TraceID() != began.TraceID() {
		if here.IsValid() {
			links = append(links, trace.Link{SpanContext: here})
		}
		ctx = context.WithValue(trace.ContextWithRemoteSpanContext(ctx, began), callerKey{}, traceparent)
	}
	return start(ctx, name, trace.SpanKindConsumer, attributes, links...)
}

// Span begins a span for a step of the work. Call end with the step's error.
func Span(ctx context.Context, name string, attributes ...attribute.KeyValue) (_ context.Context, end func(error)) {
	if !On() {
		return ctx, func(error) {}
	}
	return start(ctx, name, trace.SpanKindInternal, attributes)
}

func start(ctx context.Context, name string, kind trace.SpanKind, attributes []attribute.KeyValue, links ...trace.Link) (context.Context, func(error)) {
	began := time.Now()
	ctx, span := Tracer().Start(ctx, name, trace.WithSpanKind(kind), trace.WithAttributes(attributes...), trace.WithLinks(links...))
	return ctx, func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, "")
			Failed(ctx, name, began, kind, attributes...)
		}
		span.End()
	}
}

// Order returns the attribute of a span for an order's ID.
func Order(id string) attribute.KeyValue { return attribute.String("souk."+OrderID, id) }
