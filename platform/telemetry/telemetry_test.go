package telemetry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// sent holds the spans that the process's own tracer has sent.
var sent = tracetest.NewInMemoryExporter()

func TestMain(m *testing.M) {
	otel.SetTracerProvider(newProvider(1, Process{Service: "test"}, sdk.NewSimpleSpanProcessor(sent)))
	started.Store(true)
	os.Exit(m.Run())
}

// named returns the sent span with this name.
func named(t *testing.T, spans tracetest.SpanStubs, name string) tracetest.SpanStub {
	t.Helper()
	i := slices.IndexFunc(spans, func(s tracetest.SpanStub) bool { return s.Name == name })
	if i < 0 {
		t.Fatalf("no span %q among %d", name, len(spans))
	}
	return spans[i]
}

// client returns the context of a request by a stranger whose own trace is sampled.
func client(t *testing.T) context.Context {
	t.Helper()
	return trace.ContextWithRemoteSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled, Remote: true,
	}))
}

func TestWhichTracesAreSent(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		share float64
		ctx   context.Context
		want  bool
	}{
		"everything":             {share: 1, ctx: t.Context(), want: true},
		"nothing":                {share: 0, ctx: t.Context()},
		"a peer's sampled trace": {share: 0, ctx: client(t), want: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spans := tracetest.NewInMemoryExporter()
			provider := newProvider(test.share, Process{}, sdk.NewSimpleSpanProcessor(spans))
			_, span := provider.Tracer("test").Start(test.ctx, "work")
			span.End()
			if got := len(spans.GetSpans()) == 1; got != test.want {
				t.Errorf("sent: %v, want %v", got, test.want)
			}
		})
	}
}

// notSampled returns the context of work in a trace that is not sampled.
func notSampled(t *testing.T) context.Context {
	t.Helper()
	return trace.ContextWithRemoteSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{3}, SpanID: trace.SpanID{4}, Remote: true,
	}))
}

func TestOnlyFailuresOfOtherTracesAreSent(t *testing.T) {
	t.Parallel()
	ctx, end := Span(WithNotes(notSampled(t)), "work that fails", attribute.String("step", "one"))
	Note(ctx, OrderID, "o1")
	end(errors.New("no"))
	_, end = Span(notSampled(t), "work that succeeds")
	end(nil)
	failed := named(t, sent.GetSpans(), "work that fails")
	if failed.SpanContext.TraceID() != (trace.TraceID{3}) || failed.Status.Code != codes.Error || !failed.StartTime.Before(failed.EndTime) {
		t.Errorf("sent %+v", failed)
	}
	for _, want := range []attribute.KeyValue{attribute.String("step", "one"), attribute.String("souk.order_id", "o1")} {
		if !slices.Contains(failed.Attributes, want) {
			t.Errorf("it has the attributes %v, want %v", failed.Attributes, want)
		}
	}
	if slices.ContainsFunc(sent.GetSpans(), func(s tracetest.SpanStub) bool { return s.Name == "work that succeeds" }) {
		t.Error("work that succeeds is sent")
	}
}

func TestTextsOfErrorsAreNotSent(t *testing.T) {
	t.Parallel()
	const canary = "canary@example.com"
	spans := tracetest.NewInMemoryExporter()
	_, span := newProvider(1, Process{}, sdk.NewSimpleSpanProcessor(spans)).Tracer("test").Start(t.Context(), "work")
	span.RecordError(errors.New(canary))
	span.SetStatus(codes.Error, canary)
	span.End()
	got := spans.GetSpans()[0]
	if len(got.Events) != 1 || len(got.Events[0].Attributes) != 1 || got.Events[0].Attributes[0].Key != "exception.type" || got.Status.Description != "" {
		t.Errorf("sent %+v, %+v", got.Events, got.Status)
	}
}

func TestTheAddressOfARequestOutsideIsNotSent(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	client := &http.Client{Transport: Transport(http.DefaultTransport)}
	ctx, end := Span(t.Context(), "payment of the test")
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/canary/7f3a?canary", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	end(nil)
	got := named(t, sent.GetSpans(), "GET "+req.URL.Host)
	if text := fmt.Sprint(got.Attributes); strings.Contains(text, "canary") || !strings.Contains(text, "server.address") {
		t.Errorf("sent %s", text)
	}
}

func TestWorkThatGoesOnLaterIsInTheSameTrace(t *testing.T) {
	t.Parallel()
	request, endRequest := Span(t.Context(), "request of the test")
	stored := Traceparent(request)
	endRequest(nil)

	reader, endReader := Span(t.Context(), "reader of the test")
	_, end := Resume(reader, stored, "later work of the test", Order("o1"))
	end(errors.New("no"))
	endReader(nil)

	first, later, read := named(t, sent.GetSpans(), "request of the test"), named(t, sent.GetSpans(), "later work of the test"), named(t, sent.GetSpans(), "reader of the test")
	if later.SpanContext.TraceID() != first.SpanContext.TraceID() || later.Parent.SpanID() != first.SpanContext.SpanID() {
		t.Errorf("%v is not a child of %v", later.Parent, first.SpanContext)
	}
	if len(later.Links) != 1 || later.Links[0].SpanContext.SpanID() != read.SpanContext.SpanID() {
		t.Errorf("links %v, want one to the reader", later.Links)
	}
	if later.Status.Code != codes.Error || !slices.Contains(later.Attributes, attribute.String("souk.order_id", "o1")) {
		t.Errorf("%v, %v", later.Status, later.Attributes)
	}
}

func TestABrokenTraceparentBeginsATraceOfItsOwn(t *testing.T) {
	t.Parallel()
	for _, broken := range []string{"", "x", "00-00000000000000000000000000000000-0000000000000000-01"} {
		ctx, end := Resume(t.Context(), broken, "work")
		if TraceID(ctx) == "" {
			t.Errorf("%q: no trace", broken)
		}
		end(nil)
	}
}

func TestLogLinesShowTheTraceAndTheNotes(t *testing.T) {
	t.Parallel()
	var lines bytes.Buffer
	logger := slog.New(LogHandler{slog.NewTextHandler(&lines, nil)}).With("service", "test")
	ctx, end := Span(WithNotes(t.Context()), "work")
	defer end(nil)
	Note(ctx, CustomerID, "c1")
	Note(ctx, OrderID, "o1")
	Note(ctx, OrderID, "o2")
	logger.InfoContext(ctx, "done")
	if got := lines.String(); !strings.HasSuffix(got, "service=test trace_id="+TraceID(ctx)+" customer_id=c1 order_id=o2\n") {
		t.Error(got)
	}
	lines.Reset()
	logger.Info("outside")
	if got := lines.String(); !strings.HasSuffix(got, "msg=outside service=test\n") {
		t.Error(got)
	}
}

func TestSettingsAreChecked(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]Config{
		"SOUK_TRACES_SAMPLE": {Sample: 1.5},
		"is NaN":             {Sample: math.NaN()},
		"SOUK_TRACES_URL":    {URL: "://secret@x"},
	} {
		if _, err := Start(t.Context(), cfg, Process{}, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
