package telemetry

import (
	"math/rand/v2"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// sampler decides once for each trace whether it is sent, and follows the decision of the process before. Of the other traces only
// failures are sent (failed.go).
type sampler struct {
	share float64
	edge  bool
}

func (s sampler) Description() string { return "share, and all failures" }

// ShouldSample implements sdk.Sampler.
func (s sampler) ShouldSample(p sdk.SamplingParameters) sdk.SamplingResult {
	parent := trace.SpanContextFromContext(p.ParentContext)
	decision := sdk.Drop
	if isFailure(p.ParentContext) || s.samples(parent) {
		decision = sdk.RecordAndSample
	}
	return sdk.SamplingResult{Decision: decision, Tracestate: parent.TraceState()}
}

func (s sampler) samples(parent trace.SpanContext) bool {
	if !parent.IsValid() || parent.IsRemote() && s.edge {
		// Not derived from the trace's ID, because a client can choose that.
		return rand.Float64() < s.share //nolint:gosec // no secret depends on it
	}
	return parent.IsSampled()
}
