package edge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"regexp"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"

	"souk/gateway/internal/api"
	"souk/platform/rpc"
	"souk/platform/security"
	"souk/platform/telemetry"
)

const requestIDHeader = "X-Request-Id"

var requestID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,128}$`)

// Wrap adds to next what every request needs: a request ID, a line in the log, security headers, and an answer even if a
// handler panics. requests gets the line of each answered request.
func Wrap(next http.Handler, logger *slog.Logger, requests *RequestLog) http.Handler {
	journal := security.New(logger)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		id := r.Header.Get(requestIDHeader)
		if !requestID.MatchString(id) {
			id = uuid.NewString()
		}
		ctx, span := beginSpan(telemetry.WithNotes(r.Context()), w.Header(), r)
		ctx = security.With(rpc.WithRequestID(ctx, id), journal, id)
		r = r.WithContext(ctx)
		setSecurityHeaders(w.Header(), r)
		w.Header().Set(requestIDHeader, id)
		recorder := &recorder{ResponseWriter: w}
		defer func() {
			p := recover()
			begun := recorder.status != 0
			if p != nil {
				logger.ErrorContext(ctx, "panic", "panic", describePanic(p), "stack", string(debug.Stack()), "request_id", id)
				recorder.fail(ctx)
			}
			recorder.end(ctx, span, requests, r, time.Since(start))
			if p != nil && begun {
				panic(http.ErrAbortHandler) // otherwise the client would take half an answer for a complete one
			}
		}()
		next.ServeHTTP(recorder, r)
	})
}

// fail answers with a problem after a panic. If the answer has begun, it is cut off instead, and only counted as a failure.
func (r *recorder) fail(ctx context.Context) {
	if r.status == 0 {
		NewProblem(http.StatusInternalServerError, api.ProblemCodeInternal, "").write(ctx, r)
	}
	r.status = http.StatusInternalServerError
}

// end ends the span of an answered request and logs it.
func (r *recorder) end(ctx context.Context, span trace.Span, log *RequestLog, request *http.Request, took time.Duration) {
	method, route, status := methodOf(request), routeOf(request), r.status
	if status == 0 {
		status = statusLeft
	}
	endSpan(ctx, span, method, route, status, took)
	log.add(answer{
		at: time.Now(), method: method, route: route, status: status, took: took, requestID: rpc.RequestID(ctx), ids: telemetry.IDs(ctx),
		stream: r.Header().Get("Content-Type") == eventStream, span: span.SpanContext(),
	})
}

// describePanic describes a panic value for the log: by its text if Go's runtime wrote it, otherwise by its type only, because
// other texts may contain client data.
func describePanic(p any) string {
	var ours runtime.Error
	if err, ok := p.(error); ok && errors.As(err, &ours) {
		return ours.Error()
	}
	return fmt.Sprintf("%T", p)
}

// securityHeaders protect browsers. Answers share the values, so that they are not allocated for each.
var securityHeaders = http.Header{
	"X-Content-Type-Options":       {"nosniff"},
	"Referrer-Policy":              {"no-referrer"},
	"X-Frame-Options":              {"DENY"},
	"Content-Security-Policy":      {"default-src 'none'; frame-ancestors 'none'"},
	"Cross-Origin-Opener-Policy":   {"same-origin"},
	"Cross-Origin-Resource-Policy": {"same-origin"},
	"Permissions-Policy":           {"camera=(), geolocation=(), microphone=(), payment=()"},
}

// setSecurityHeaders sets the headers that protect browsers.
func setSecurityHeaders(h http.Header, r *http.Request) {
	maps.Copy(h, securityHeaders)
	if r.TLS != nil {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	// Never cache authenticated answers or answers to writes.
	if r.Header.Get("Authorization") != "" || r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Cache-Control", "no-store")
	}
}

// recorder records the status of the answer.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Flush implements http.Flusher, because the compressing writer checks for that interface only.
func (r *recorder) Flush() { _ = http.NewResponseController(r.ResponseWriter).Flush() }

// Unwrap gives http.ResponseController access to the wrapped writer.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
