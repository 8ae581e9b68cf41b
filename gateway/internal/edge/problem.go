// Package edge is responsible for what every request meets before its handler and every answer on its way
// out: request ids, limits, identity, validation against openapi.yaml, and errors as RFC 9457 problems.
package edge

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"souk/gateway/internal/api"
	"souk/gateway/internal/schema"
	"souk/platform/field"
	"souk/platform/rpc"
)

// Problem is an error that has its HTTP answer with it.
type Problem struct {
	api.Problem
	// Header is added to the answer's header. May be nil.
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

// InvalidFields returns the 422 that names each invalid field.
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
	content, _ := json.Marshal(f) // strings always have an encoding
	return len(content)
}

// NotFound returns the 404 for what does not exist, or not for this caller.
func NotFound(detail string) *Problem {
	return NewProblem(http.StatusNotFound, api.ProblemCodeNotFound, detail)
}

func invalidRequest(detail string) *Problem {
	return NewProblem(http.StatusBadRequest, api.ProblemCodeInvalidRequest, detail)
}

func methodNotAllowed(allowed ...string) *Problem {
	p := NewProblem(http.StatusMethodNotAllowed, api.ProblemCodeMethodNotAllowed, "")
	p.Header = http.Header{"Allow": allowed}
	return p
}

// Unavailable returns the 503 that asks the client to come back in a second.
func Unavailable(detail string) *Problem {
	return retryAfter(NewProblem(http.StatusServiceUnavailable, api.ProblemCodeUnavailable, detail), 1)
}

func retryAfter(p *Problem, seconds int) *Problem {
	p.Header = http.Header{"Retry-After": {strconv.Itoa(seconds)}}
	return p
}

// write answers with the problem. A problem that carries a request id keeps it: it is an answer given again.
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
	// What a handler said of the answer it did not give.
	for _, name := range []string{"Content-Length", "Content-Encoding", "ETag", "Location"} {
		w.Header().Del(name)
	}
	for name, values := range p.Header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(body.Status)
	_, _ = w.Write(append(content, '\n')) // a client that left is not our error
}

// Whatever a request is, what a problem says of it is shorter than this: the most bytes of the list of errors, of which there is
// room for one at least, and the most characters of a text that may have come from the client.
const (
	maxErrors = 16 << 10
	maxQuoted = 1000
	maxName   = 100
)

// cut returns the beginning of a text that may have come from a client, as far as a problem says it again.
func cut(text string, most int) string {
	characters := 0
	for i := range text {
		if characters++; characters > most {
			return text[:i] + "…"
		}
	}
	return text
}
