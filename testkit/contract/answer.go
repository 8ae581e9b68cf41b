package contract

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

const (
	// https://html.spec.whatwg.org/multipage/server-sent-events.html
	eventStream  = "text/event-stream"
	csvFile      = "text/csv"
	problemMedia = "application/problem+json"
)

// Answer is an answer to a request for a path, which may have a query.
type Answer struct {
	Method, Path string
	Status       int
	Header       http.Header
	// Body is the whole body, as it was sent. That of a stream or a CSV file is not looked at.
	Body []byte
}

// Violation is an answer that openapi.yaml does not list.
type Violation struct {
	// Operation is the pattern of the request, such as GET /v1/products/{id}, or "" for one that the contract does not have.
	Operation string
	Status    int
	Reason    string
}

func (v *Violation) Error() string {
	return fmt.Sprintf("openapi.yaml does not list this answer: %q answered %d: %s", v.Operation, v.Status, v.Reason)
}

// Codes of answers to a request that is no operation of the contract.
var elsewhere = map[int][]string{
	http.StatusForbidden:           {"forbidden"},
	http.StatusNotFound:            {"not_found"},
	http.StatusMethodNotAllowed:    {"method_not_allowed"},
	http.StatusTooManyRequests:     {"rate_limited"},
	http.StatusInternalServerError: {"internal"},
	http.StatusServiceUnavailable:  {"unavailable"},
}

// Check returns a *Violation if the contract does not list the answer, and nil if it does. Not held against it are the pages of
// the contract, a browser's preflights (https://fetch.spec.whatwg.org/#cors-preflight-request), and refusals of net/http's server
// to read a request at all.
func (c *Contract) Check(a Answer) error {
	address, err := url.ParseRequestURI(a.Path)
	if err != nil {
		return nil // no server takes it
	}
	if isPage(address.Path) && a.Status < http.StatusBadRequest || a.Method == http.MethodOptions && a.Status == http.StatusNoContent || unread(a) {
		return nil
	}
	pattern := c.operationOf(a.Method, address)
	responses, known := c.operations[pattern]
	var reason string
	switch r := responses[a.Status]; {
	case !known || a.Method == http.MethodHead && a.Status == http.StatusMethodNotAllowed: // of a stream, which HEAD cannot ask for
		reason = c.checkElsewhere(a)
	case r == nil:
		reason = fmt.Sprintf("it has no such status: %.300s", a.Body)
	default:
		reason = cmp.Or(r.check(a), c.requests[pattern].checkFields(a))
	}
	if reason == "" {
		return nil
	}
	return &Violation{Operation: pattern, Status: a.Status, Reason: reason}
}

// operationOf returns the pattern of the operation that a request is for. HEAD is GET without its body.
func (c *Contract) operationOf(method string, address *url.URL) string {
	handler, pattern := c.patterns.Handler(&http.Request{Method: method, URL: address, Host: address.Host})
	if _, ok := handler.(listed); !ok {
		return ""
	}
	return pattern
}

func isPage(path string) bool {
	return path == "/openapi.yaml" || path == "/docs" || strings.HasPrefix(path, "/docs/")
}

// unread reports whether net/http's server wrote the answer, before any handler saw the request: 400 to what is no HTTP, 431 to a
// header that is too long. It closes the connection then.
func unread(a Answer) bool {
	return a.Header.Get(requestID) == "" && a.Status >= http.StatusBadRequest && strings.HasPrefix(a.Header.Get("Content-Type"), "text/plain") &&
		bytes.HasPrefix(a.Body, fmt.Append(nil, a.Status, " "))
}

// checkElsewhere checks the answer to a request for which the contract has no operation.
func (c *Contract) checkElsewhere(a Answer) string {
	codes, ok := elsewhere[a.Status]
	if !ok {
		return "no operation of the contract, and no refusal of what is none"
	}
	if a.Header.Get(requestID) == "" {
		return requestID + " is missing"
	}
	if a.Status == http.StatusMethodNotAllowed && a.Header.Get("Allow") == "" {
		return "Allow is missing"
	}
	if a.Method == http.MethodHead {
		return ""
	}
	value, reason := decode(a, []string{problemMedia})
	if reason != "" {
		return reason
	}
	if reason := validate(c.problem, value); reason != "" {
		return reason
	}
	if code, _ := value.(map[string]any)["code"].(string); !slices.Contains(codes, code) {
		return fmt.Sprintf("code %q is none of %v", code, codes)
	}
	return ""
}

// check returns what is wrong with an answer that has the response's status, or "".
func (r *response) check(a Answer) string {
	if reason := checkHeaders(r.headers, a.Header); reason != "" {
		return reason
	}
	if a.Method == http.MethodHead {
		return ""
	}
	if len(r.bodies) == 0 {
		if len(a.Body) > 0 {
			return fmt.Sprintf("it has a body: %.300s", a.Body)
		}
		return ""
	}
	allowed := make([]string, 0, len(r.bodies))
	for mediaType := range r.bodies {
		allowed = append(allowed, mediaType)
	}
	mediaType, _, _ := mime.ParseMediaType(a.Header.Get("Content-Type"))
	if schema, ok := r.bodies[mediaType]; ok && schema == nil {
		return "" // a stream or a file
	}
	value, reason := decode(a, allowed)
	if reason != "" {
		return reason
	}
	return validate(r.bodies[mediaType], value)
}

// decode reads the body, which must have one of the media types.
func decode(a Answer, mediaTypes []string) (value any, reason string) {
	mediaType, _, _ := mime.ParseMediaType(a.Header.Get("Content-Type"))
	if !slices.Contains(mediaTypes, mediaType) {
		return nil, fmt.Sprintf("Content-Type %q is none of %v: %.300s", a.Header.Get("Content-Type"), mediaTypes, a.Body)
	}
	var body io.Reader = bytes.NewReader(a.Body)
	switch coding := a.Header.Get("Content-Encoding"); coding {
	case "", "identity":
	case "gzip":
		reader, err := gzip.NewReader(body)
		if err != nil {
			return nil, fmt.Sprint("it is not gzip: ", err)
		}
		body = reader
	default:
		return nil, fmt.Sprintf("Content-Encoding %q", coding)
	}
	value, err := jsonschema.UnmarshalJSON(body)
	if err != nil {
		return nil, fmt.Sprintf("the body is no JSON: %v: %.300s", err, a.Body)
	}
	return value, ""
}

func validate(schema *jsonschema.Schema, value any) string {
	if err := schema.Validate(value); err != nil {
		return err.Error()
	}
	return ""
}
