package telemetry

import (
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// keep passes on the spans that are sent: those of sampled traces, and those that ended in an error.
type keep struct{ sdk.SpanProcessor }

// OnEnd implements sdk.SpanProcessor.
func (k keep) OnEnd(s sdk.ReadOnlySpan) {
	if s.SpanContext().IsSampled() || s.Status().Code == codes.Error && !isAnswer(s) {
		k.SpanProcessor.OnEnd(kept{s})
	}
}

// isAnswer reports whether s is a call that was answered with a refusal, for example NOT_FOUND. OpenTelemetry counts that as an
// error of the caller. Clients of the shop cause refusals as they like, so they are not sent in any case.
func isAnswer(s sdk.ReadOnlySpan) bool {
	if s.SpanKind() != trace.SpanKindClient {
		return false
	}
	for _, a := range s.Attributes() {
		if a.Key == "rpc.response.status_code" {
			return !isFault[a.Value.AsString()]
		}
	}
	return false
}

// isFault contains the codes that say that something is broken or busy.
var isFault = map[string]bool{
	"UNKNOWN": true, "DEADLINE_EXCEEDED": true, "UNIMPLEMENTED": true, "INTERNAL": true, "UNAVAILABLE": true, "DATA_LOSS": true,
	"RESOURCE_EXHAUSTED": true,
}

// kept is a span as it is sent. It is marked as sampled, because the batch processor drops other spans. The texts of errors are
// left out, because they may quote what a client typed. The log has them, under the trace's ID.
type kept struct{ sdk.ReadOnlySpan }

// SpanContext implements sdk.ReadOnlySpan.
func (s kept) SpanContext() trace.SpanContext {
	c := s.ReadOnlySpan.SpanContext()
	return c.WithTraceFlags(c.TraceFlags().WithSampled(true))
}

// Attributes implements sdk.ReadOnlySpan. The address of a request to a server outside the shop is left out, because it may contain
// IDs of customers; otelhttp always records it.
func (s kept) Attributes() []attribute.KeyValue {
	return without(s.ReadOnlySpan.Attributes(), "url.full")
}

// Status implements sdk.ReadOnlySpan.
func (s kept) Status() sdk.Status { return sdk.Status{Code: s.ReadOnlySpan.Status().Code} }

// Events implements sdk.ReadOnlySpan.
func (s kept) Events() []sdk.Event {
	events := s.ReadOnlySpan.Events()
	for i, e := range events {
		events[i].Attributes = without(e.Attributes, "exception.message", "exception.stacktrace")
	}
	return events
}

// without returns the attributes that have none of these keys.
func without(attributes []attribute.KeyValue, keys ...attribute.Key) []attribute.KeyValue {
	return slices.DeleteFunc(slices.Clone(attributes), func(a attribute.KeyValue) bool { return slices.Contains(keys, a.Key) })
}
