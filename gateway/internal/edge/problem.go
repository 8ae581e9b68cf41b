// Package edge processes every request before its handler, and every answer after it: request IDs, limits, identity, validation
// against openapi.yaml, and errors as RFC 9457 problems.
package edge

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"souk/gateway/internal/api"
	"souk/gateway/internal/schema"
	"souk/platform/field"
	"souk/platform/rpc"
	"souk/platform/telemetry"
)

// Problem is an error together with its HTTP answer.
type Problem struct {
	api.Problem
	// Header is added to the header of the answer. May be nil.
	Header http.Header
}

func (p *Problem) Error() string {
	if p.Detail != nil {
		return string(p.Code) + ": " + *p.Detail
	}
	return string(p.Code)
}

// NewProblem returns a problem with a code of the REST contract.
func NewProblem(status int, code api.ProblemCode, detail string) *Problem {
	p := &Problem{Problem: api.Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code,
	}}
	if detail = cut(detail, maxQuoted); detail != "" {
		p.Detail = &detail
	}
	return p
}

// InvalidFields returns the 422 problem that names each invalid field.
func InvalidFields(violations ...field.Violation) *Problem {
	p := NewProblem(http.StatusUnprocessableEntity, api.ProblemCodeValidationFailed, "Some fields are not valid.")
	fields, size := []api.FieldError{}, 0
	for _, v := range violations[:min(len(violations), schema.MaxViolations)] {
		f := api.FieldError{Field: cut(v.Field, maxQuoted), Message: cut(v.Message, maxQuoted)}
		if size += encodedSize(f); size > maxErrors {
			break
		}
		fields = append(fields, f)
	}
	p.Errors = &fields
	return p
}

func encodedSize(f api.FieldError) int {
	content, _ := json.Marshal(f) // strings can always be encoded
	return len(content)
}

// NotFound returns the 404 problem for a resource that does not exist, or that the caller must not see.
func NotFound(detail string) *Problem {
	return NewProblem(http.StatusNotFound, api.ProblemCodeNotFound, detail)
}

func invalidRequest(detail string) *Problem {
	return NewProblem(http.StatusBadRequest, api.ProblemCodeInvalidRequest, detail)
}

func methodNotAllowed(allowed ...string) *Problem {
	p := NewProblem(http.StatusMethodNotAllowed, api.ProblemCodeMethodNotAllowed, "")
	p.Header = http.Header{"Allow": {strings.Join(allowed, ", ")}}
	return p
}

// Unavailable returns the 503 problem that asks the client to retry in a second.
func Unavailable(detail string) *Problem {
	return retryAfter(NewProblem(http.StatusServiceUnavailable, api.ProblemCodeUnavailable, detail), 1)
}

func retryAfter(p *Problem, seconds int) *Problem {
	p.Header = http.Header{"Retry-After": {strconv.Itoa(seconds)}}
	return p
}

// write writes the problem as the answer. If the problem has a request ID already, it is kept, because the answer was first
// given to an earlier request.
func (p *Problem) write(ctx context.Context, w http.ResponseWriter) {
	body := p.Problem
	if body.RequestId == "" {
		body.RequestId = rpc.RequestID(ctx)
	}
	content, err := json.Marshal(body)
	if err != nil {
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	// Headers that a handler set for an answer that was not sent.
	for _, name := range []string{"Content-Length", "Content-Encoding", "ETag", "Location"} {
		w.Header().Del(name)
	}
	for name, values := range p.Header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	if body.Status >= http.StatusInternalServerError {
		telemetry.Announce(ctx, w.Header()) // the trace of a failure is always sent
	}
	w.WriteHeader(body.Status)
	_, _ = w.Write(append(content, '\n')) // fails only if the client has left
}

// Limits of the length of a problem, whatever the request was: the list of errors in bytes (but at least one error is listed),
// and quoted client text and names in characters.
const (
	maxErrors = 16 << 10
	maxQuoted = 1000
	maxName   = 100
)

// cut returns the beginning of a text, at most that many characters, because it may come from a client.
func cut(text string, most int) string {
	characters := 0
	for i := range text {
		if characters++; characters > most {
			return text[:i] + "…"
		}
	}
	return text
}
