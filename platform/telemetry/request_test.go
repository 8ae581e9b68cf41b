package telemetry

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// It is not parallel, because it sets the share for the process.
func TestARequestGoesOnWithTheTraceOfItsClient(t *testing.T) {
	defer func(share float64) { requestShare = share }(requestShare)
	const id = "4bf92f3577b34da6a3ce929d0e0e4736"
	for _, share := range []float64{0, 1} {
		for given, want := range map[string]string{"": "", "nonsense": "", "00-" + id + "-00f067aa0ba902b7-01": id, "00-" + id + "-00f067aa0ba902b7-00": id} {
			requestShare = share
			header := http.Header{}
			ctx, span := Request(t.Context(), given, "GET "+given, header)
			answer := header.Get("Traceparent")
			span.End()
			c := trace.SpanContextFromContext(ctx)
			if !c.IsValid() || c.IsSampled() != (share == 1) || want != "" && c.TraceID().String() != want || want == "" && c.TraceID().String() == id {
				t.Errorf("share %v, %q: goes on as %+v", share, given, c)
			}
			flags := map[float64]string{0: "00", 1: "01"}[share]
			text := strings.Join([]string{"00", c.TraceID().String(), c.SpanID().String(), flags}, "-")
			if share == 0 && want == "" {
				text = "" // no such trace can be found
			}
			if answer != text {
				t.Errorf("share %v, %q: the answer is %q, want %q", share, given, answer, text)
			}
			isSent := slices.ContainsFunc(sent.GetSpans(), func(s tracetest.SpanStub) bool { return s.SpanContext.SpanID() == c.SpanID() })
			if isSent != (share == 1) {
				t.Errorf("share %v, %q: sent: %v", share, given, isSent)
			}
		}
	}
}
