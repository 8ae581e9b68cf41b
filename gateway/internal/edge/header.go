package edge

import (
	"net/http"
	"strings"

	"souk/gateway/internal/api"
)

// The header fields that are lists, and so may stand on several lines (RFC 9110, sections 5.3 and 13.1).
var listHeaders = map[string]bool{"If-Match": true, "If-None-Match": true}

// absent is what a request is answered that lacks a header field it needs.
var absent = map[string]struct {
	status int
	code   api.ProblemCode
}{
	keyHeader:  {http.StatusBadRequest, api.ProblemCodeIdempotencyKeyMissing},
	"If-Match": {http.StatusPreconditionRequired, api.ProblemCodePreconditionRequired}, // RFC 6585, section 3
}

// checkHeader refuses a request without a header field that the operation needs, and puts each list on one line.
func (o *operation) checkHeader(header http.Header) error {
	for name, p := range o.headers {
		if values := header.Values(name); listHeaders[name] && len(values) > 1 {
			header.Set(name, strings.Join(values, ", "))
		}
		if a, ok := absent[name]; ok && p.required && header.Get(name) == "" {
			return NewProblem(a.status, a.code, "The "+name+" header is required.")
		}
	}
	return nil
}
