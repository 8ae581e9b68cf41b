package edge

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/trace"

	"souk/gateway/internal/api"
	"souk/gateway/internal/schema"
	"souk/platform/field"
)

func TestProblemsHaveALimitedLength(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"letters": strings.Repeat("x", 1<<20), "escapes": strings.Repeat("\x01", 1<<20), "tags": strings.Repeat("<", 5000), "wide": strings.Repeat("😀", 5000),
	} {
		violations := make([]field.Violation, 10_000)
		for i := range violations {
			violations[i] = field.Violation{Field: text, Message: text}
		}
		for _, p := range []*Problem{InvalidFields(violations...), InvalidFields(violations[0]), NotFound(text), invalidRequest(text)} {
			recorder := httptest.NewRecorder()
			p.write(t.Context(), recorder)
			if size := recorder.Body.Len(); size > 20_000 {
				t.Errorf("a problem of %s with %d bytes", name, size)
			}
			if p.Errors != nil && len(*p.Errors) == 0 {
				t.Errorf("a problem of %s names no field", name)
			}
		}
	}
}

func TestAProblemNamesAsManyFieldsAsFit(t *testing.T) {
	t.Parallel()
	violations := make([]field.Violation, schema.MaxViolations+1)
	for i := range violations {
		violations[i] = field.Violation{Field: "lines[0].sku", Message: "is required"}
	}
	if got := len(*InvalidFields(violations...).Errors); got != schema.MaxViolations {
		t.Errorf("%d errors", got)
	}
}

func TestTheAnswerOfAFailureNamesItsTrace(t *testing.T) {
	t.Parallel()
	// Nobody chose to send this trace. A failure is sent all the same.
	ctx := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}}))
	for status, want := range map[int]string{
		http.StatusInternalServerError: "00-01000000000000000000000000000000-0200000000000000-00", http.StatusNotFound: "",
	} {
		answer := httptest.NewRecorder()
		NewProblem(status, api.ProblemCodeInternal, "").write(ctx, answer)
		if got := answer.Header().Get(traceparent); got != want {
			t.Errorf("%d: traceparent %q, want %q", status, got, want)
		}
	}
}
