// Package telemetry traces requests with OpenTelemetry: from the HTTP request or the job that began the work, through every RPC,
// to each command that a database got. A process sends its spans to a collector, such as Jaeger, over OTLP. Without a collector's
// address nothing is traced, and tracing costs nothing.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"

	"souk/platform/secret"
)

// Config contains the settings for traces.
type Config struct {
	// URL is the address of a collector that takes OTLP over gRPC, for example http://127.0.0.1:4317. If empty, nothing is traced.
	URL secret.URL `env:"URL"`
	// Sample is the share of traces that are sent, from 0 to 1. Of the others only failures are sent.
	Sample float64 `env:"SAMPLE" envDefault:"0.05"`
}

const (
	// The number of finished spans that wait to be sent. Further ones are dropped, so that a slow collector never delays requests.
	waitingSpans = 4096
	// The time for sending the last spans when the process stops.
	flushTime = 2 * time.Second
)

// started says that Start has set up tracing. The libraries' hooks are installed only then, because even hooks that record
// nothing take time.
var started atomic.Bool

// On reports whether this process traces.
func On() bool { return started.Load() }

// Process describes the process that Start sets up tracing for.
type Process struct {
	// Service is the name of the process's service, for example "orders".
	Service string
	// Version and Commit say what the binary was built from.
	Version, Commit string
}

// Start sets up tracing for this process, if cfg has an address. Call stop at the end: it sends the spans that wait.
func Start(ctx context.Context, cfg Config, process Process, logger *slog.Logger) (stop func(), err error) {
	if !(cfg.Sample >= 0 && cfg.Sample <= 1) { // also if it is not a number
		return nil, fmt.Errorf("SOUK_TRACES_SAMPLE is %v; it must be 0 to 1", cfg.Sample)
	}
	if cfg.URL == "" {
		return func() {}, nil
	}
	at, err := url.Parse(string(cfg.URL))
	if err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Host == "" {
		return nil, errors.New("SOUK_TRACES_URL: must be like http://127.0.0.1:4317") // without the cause, which may contain a password
	}
	exporter, err := otlptracegrpc.New(ctx, otlptracegrpc.WithEndpointURL(string(cfg.URL)))
	if err != nil {
		return nil, fmt.Errorf("SOUK_TRACES_URL: %w", err)
	}
	provider := newProvider(cfg.Sample, process, trace.NewBatchSpanProcessor(exporter, trace.WithMaxQueueSize(waitingSpans)))
	otel.SetTracerProvider(provider)
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { logger.DebugContext(ctx, "traces were not sent", "error", err) }))
	requestShare = cfg.Sample
	started.Store(true)
	return func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTime)
		defer cancel()
		_ = provider.Shutdown(ctx) // spans that cannot be sent are lost, as at any other time
	}, nil
}

// newProvider returns a provider that hands the spans that are to be sent to processor.
func newProvider(share float64, process Process, processor trace.SpanProcessor) *trace.TracerProvider {
	return trace.NewTracerProvider(
		trace.WithResource(resource.NewSchemaless(attribute.String("service.name", process.Service),
			attribute.String("service.version", process.Version), attribute.String("vcs.ref.head.revision", process.Commit))),
		trace.WithSampler(sampler{share: share}),
		trace.WithRawSpanLimits(limits()),
		trace.WithSpanProcessor(clean{processor}),
	)
}

// limits bounds the size of a span, because attributes may come from errors and statements of any length.
func limits() trace.SpanLimits {
	l := trace.NewSpanLimits()
	l.AttributeValueLengthLimit = 2000
	l.AttributeCountLimit = 32
	l.EventCountLimit = 8
	l.LinkCountLimit = 8
	return l
}
