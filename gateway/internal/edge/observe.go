package edge

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"souk/platform/telemetry"
)

var (
	requestTime = promauto.NewHistogramVec(prometheus.HistogramOpts{
		Name: "souk_http_request_duration_seconds", Help: "Time of requests, without event streams.",
		Buckets: []float64{0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15},
	}, []string{"route"})
	requests = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "souk_http_requests_total", Help: "Answered requests. Code 499 means that the client left. An answer that a panic cut off has code 500.",
	}, []string{"route", "code"})
)

const (
	traceparent = "Traceparent"
	// statusLeft counts a request whose client left before the answer, as web servers do.
	statusLeft = 499
	// otherRoute counts requests without a route, so that random paths do not become labels.
	otherRoute = "other"
)

// beginSpan begins the span of a request. The request goes on with the client's trace, if it has one. The answer's header names the
// trace if it can be found (telemetry.Request).
func beginSpan(ctx context.Context, header http.Header, r *http.Request) (context.Context, trace.Span) {
	if !telemetry.On() {
		return ctx, trace.SpanFromContext(ctx)
	}
	return telemetry.Request(ctx, r.Header.Get(traceparent), r.Method, header)
}

// endSpan names the span by its route, because a path may contain secrets.
func endSpan(ctx context.Context, span trace.Span, method, route string, status int, took time.Duration) {
	failed := status >= http.StatusInternalServerError
	if !failed && !span.IsRecording() {
		return
	}
	attributes := []attribute.KeyValue{
		attribute.String("http.request.method", method), attribute.String("http.route", route), attribute.Int("http.response.status_code", status),
	}
	span.SetName(route)
	span.SetAttributes(attributes...)
	if failed {
		span.SetStatus(codes.Error, "")
		telemetry.Failed(ctx, route, time.Now().Add(-took), trace.SpanKindServer, attributes...)
	}
	span.End()
}

// figures are the metrics of the answers to a route with one status.
type figures struct {
	answers prometheus.Counter
	time    prometheus.Observer
}

type routeStatus struct {
	route  string
	status int
}

// known holds the figures that were needed before, because Prometheus takes much longer to find them.
var known = struct {
	sync.RWMutex
	figures map[routeStatus]figures
}{figures: map[routeStatus]figures{}}

func figuresOf(route string, status int) figures {
	key := routeStatus{route, status}
	known.RLock()
	f, ok := known.figures[key]
	known.RUnlock()
	if !ok {
		f = figures{requests.WithLabelValues(route, strconv.Itoa(status)), requestTime.WithLabelValues(route)}
		known.Lock()
		known.figures[key] = f
		known.Unlock()
	}
	return f
}

// count counts an answered request.
func (a answer) count() {
	if a.stream {
		requests.WithLabelValues(a.route, strconv.Itoa(a.status)).Inc()
		return
	}
	f := figuresOf(a.route, a.status)
	f.answers.Inc()
	ctx := context.Background()
	if a.span.IsSampled() {
		ctx = trace.ContextWithSpanContext(ctx, a.span)
	}
	telemetry.Observe(ctx, f.time, a.took)
}

// routeOf returns the pattern that r matched.
func routeOf(r *http.Request) string {
	if r.Pattern == "" {
		return otherRoute
	}
	return r.Pattern
}

// methodOf returns a request's method, if it is one that HTTP defines. Others could be anything.
func methodOf(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "other"
}
