package telemetry

import (
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

// Status implements sdk.ReadOnlySpan.
func (s kept) Status() sdk.Status { return sdk.Status{Code: s.ReadOnlySpan.Status().Code} }

// Events implements sdk.ReadOnlySpan.
func (s kept) Events() []sdk.Event {
	events := s.ReadOnlySpan.Events()
	for i, e := range events {
		kept := make([]attribute.KeyValue, 0, len(e.Attributes))
		for _, a := range e.Attributes {
			if a.Key != "exception.message" && a.Key != "exception.stacktrace" {
				kept = append(kept, a)
			}
		}
		events[i].Attributes = kept
	}
	return events
}
