package telemetry

import (
	"context"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
)

// unsampled leaves the calls of traces that are not sampled to itself, and the others to its handler. It carries the trace on, and sends
// a span if the call fails. That costs less than spans that are thrown away.
type unsampled struct {
	stats.Handler
	kind trace.SpanKind
}

type callKey struct{}

// call is a call of a trace that is not sampled.
type call struct {
	method string
	began  time.Time
}

// TagRPC implements stats.Handler.
func (u unsampled) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	at := u.traceOf(ctx)
	if !isWork(info) || !at.IsValid() || at.IsSampled() {
		ctx = context.WithValue(ctx, callKey{}, (*call)(nil)) // hides the call that this one is made for
		return u.Handler.TagRPC(ctx, info)
	}
	if u.kind == trace.SpanKindClient {
		carrier := propagation.MapCarrier{}
		Propagator.Inject(ctx, carrier)
		ctx = metadata.AppendToOutgoingContext(ctx, header, carrier[header])
	} else {
		ctx = trace.ContextWithRemoteSpanContext(ctx, at)
	}
	return context.WithValue(ctx, callKey{}, &call{method: strings.TrimPrefix(info.FullMethodName, "/"), began: time.Now()})
}

// traceOf returns where a call comes from in its trace.
func (u unsampled) traceOf(ctx context.Context) trace.SpanContext {
	if u.kind == trace.SpanKindClient {
		return trace.SpanContextFromContext(ctx)
	}
	given := metadata.ValueFromIncomingContext(ctx, header)
	if len(given) != 1 {
		return trace.SpanContext{}
	}
	return trace.SpanContextFromContext(Propagator.Extract(context.Background(), propagation.MapCarrier{header: given[0]}))
}

// HandleRPC implements stats.Handler.
func (u unsampled) HandleRPC(ctx context.Context, event stats.RPCStats) {
	c, _ := ctx.Value(callKey{}).(*call)
	if c == nil {
		u.Handler.HandleRPC(ctx, event)
		return
	}
	if end, ok := event.(*stats.End); ok && isFault(status.Code(end.Error)) {
		Failed(ctx, c.method, c.began, u.kind, attribute.String("rpc.response.status_code", status.Code(end.Error).String()))
	}
}

// isFault reports whether a code says that something is broken or busy. Clients of the shop cause other codes as they like.
func isFault(code codes.Code) bool {
	switch code {
	case codes.Unknown, codes.DeadlineExceeded, codes.Unimplemented, codes.Internal, codes.Unavailable, codes.DataLoss, codes.ResourceExhausted:
		return true
	default:
		return false
	}
}
