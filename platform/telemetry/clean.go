package telemetry

import (
	"slices"

	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/trace"
)

// clean passes spans on without what must not be sent.
type clean struct{ sdk.SpanProcessor }

// OnEnd implements sdk.SpanProcessor.
func (c clean) OnEnd(s sdk.ReadOnlySpan) { c.SpanProcessor.OnEnd(cleaned{s}) }

// cleaned is a span as it is sent. The texts of errors are left out, because they may quote what a client typed. The log has them,
// under the trace's ID.
type cleaned struct{ sdk.ReadOnlySpan }

// Attributes implements sdk.ReadOnlySpan. The address of a request to a server outside the shop is left out, because it may contain
// IDs of customers; otelhttp always records it.
func (s cleaned) Attributes() []attribute.KeyValue {
	return without(s.ReadOnlySpan.Attributes(), "url.full")
}

// Status implements sdk.ReadOnlySpan.
func (s cleaned) Status() sdk.Status { return sdk.Status{Code: s.ReadOnlySpan.Status().Code} }

// Events implements sdk.ReadOnlySpan.
func (s cleaned) Events() []sdk.Event {
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
