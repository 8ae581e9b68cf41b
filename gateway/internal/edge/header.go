package edge

import (
	"net/http"
	"strings"

	"souk/gateway/internal/api"
)

// Header fields that are lists, and so may occur on several lines (RFC 9110, sections 5.3 and 13.1).
var listHeaders = map[string]bool{"If-Match": true, "If-None-Match": true}

// absent maps a required header field to the answer for requests without it.
var absent = map[string]struct {
	status int
	code   api.ProblemCode
}{
	keyHeader:  {http.StatusBadRequest, api.ProblemCodeIdempotencyKeyMissing},
	"If-Match": {http.StatusPreconditionRequired, api.ProblemCodePreconditionRequired}, // RFC 6585, section 3
}

// checkHeader refuses a request without a required header field, and joins the lines of list fields.
func (o *operation) checkHeader(header http.Header) error {
	for _, p := range o.headers {
		if values := header.Values(p.name); listHeaders[p.name] && len(values) > 1 {
			header.Set(p.name, strings.Join(values, ", "))
		}
		if a, ok := absent[p.name]; ok && p.required && header.Get(p.name) == "" {
			return NewProblem(a.status, a.code, "The "+p.name+" header is required.")
		}
	}
	return nil
}
