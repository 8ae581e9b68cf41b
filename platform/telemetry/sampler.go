package telemetry

import (
	"math/rand/v2"

	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// sampler decides once for each trace whether it is sent, and follows the decision of the process before.
//
// Spans of other traces are recorded too, so that they can be sent if they end in an error. Only database commands are not,
// because they are the most numerous, and the span around them ends in an error as well.
type sampler struct {
	share float64
	edge  bool
}

func (s sampler) Description() string { return "share, and all errors" }

// ShouldSample implements sdk.Sampler.
func (s sampler) ShouldSample(p sdk.SamplingParameters) sdk.SamplingResult {
	parent := trace.SpanContextFromContext(p.ParentContext)
	sampled := parent.IsSampled()
	if !parent.IsValid() || parent.IsRemote() && s.edge {
		// Not derived from the trace's ID, because a client can choose that.
		sampled = rand.Float64() < s.share //nolint:gosec // no secret depends on it
	}
	switch {
	case sampled:
		return sdk.SamplingResult{Decision: sdk.RecordAndSample, Tracestate: parent.TraceState()}
	case isCommand(p.Attributes):
		return sdk.SamplingResult{Decision: sdk.Drop, Tracestate: parent.TraceState()}
	default:
		return sdk.SamplingResult{Decision: sdk.RecordOnly, Tracestate: parent.TraceState()}
	}
}

// isCommand reports whether a span with these attributes is a command to a database.
func isCommand(attributes []attribute.KeyValue) bool {
	for _, a := range attributes {
		if a.Key == "db.system.name" {
			return true
		}
	}
	return false
}
