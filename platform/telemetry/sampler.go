package telemetry

import (
	"math/rand/v2"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// sampler decides once for each trace whether it is sent, and follows the decision of the process before. Requests from outside the shop have been
// decided on before (request.go). Of the other traces only failures are sent (failed.go).
type sampler struct {
	share float64
}

func (s sampler) Description() string { return "share, and all failures" }

// ShouldSample implements sdk.Sampler.
func (s sampler) ShouldSample(p sdk.SamplingParameters) sdk.SamplingResult {
	parent := trace.SpanContextFromContext(p.ParentContext)
	decision := sdk.Drop
	if isToSend(p.ParentContext) || s.samples(parent) {
		decision = sdk.RecordAndSample
	}
	return sdk.SamplingResult{Decision: decision, Tracestate: parent.TraceState()}
}

func (s sampler) samples(parent trace.SpanContext) bool {
	if !parent.IsValid() {
		return chosen(s.share)
	}
	return parent.IsSampled()
}

// chosen chooses a share of traces. It does not depend on the trace's ID, because a client can choose that.
func chosen(share float64) bool {
	return rand.Float64() < share //nolint:gosec // no secret depends on it
}
