package contract

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

const requestID = "X-Request-Id"

// general are the header fields that any answer may have and no operation declares: those of HTTP itself, and those that keep
// browsers and caches from being led astray.
var general = []string{
	"Allow", "Cache-Control", "Connection", "Content-Encoding", "Content-Length", "Content-Type", "Date", "Transfer-Encoding", "Vary",
	"Content-Security-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "Permissions-Policy", "Referrer-Policy",
	"Strict-Transport-Security", "X-Content-Type-Options", "X-Frame-Options",
}

// checkHeaders returns which field of an answer is missing, malformed or not declared, or "".
func checkHeaders(declared openapi3.Headers, header http.Header) string {
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		values := header.Values(name)
		switch {
		case len(values) > 1:
			return fmt.Sprintf("%s stands there %d times", name, len(values))
		case len(values) == 1:
			if err := checkValue(declared[name].Value.Schema.Value, values[0]); err != nil {
				return fmt.Sprintf("%s: %q: %v", name, values[0], err)
			}
		case declared[name].Value.Required:
			return name + " is missing"
		}
	}
	for _, name := range slices.Sorted(maps.Keys(header)) {
		if !slices.Contains(general, name) && !strings.HasPrefix(name, "Access-Control-") && !isDeclared(declared, name) {
			return name + " is not declared"
		}
	}
	return ""
}

// isDeclared compares names as HTTP does, without regard to case.
func isDeclared(declared openapi3.Headers, name string) bool {
	for known := range declared {
		if http.CanonicalHeaderKey(known) == name {
			return true
		}
	}
	return false
}

func checkValue(schema *openapi3.Schema, value string) error {
	if !schema.Type.Is(openapi3.TypeInteger) {
		return schema.VisitJSON(value)
	}
	number, err := strconv.Atoi(value)
	if err != nil {
		return err
	}
	return schema.VisitJSON(float64(number))
}
