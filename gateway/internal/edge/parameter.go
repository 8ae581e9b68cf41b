package edge

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"

	"souk/gateway/internal/schema"
	"souk/platform/field"
)

// parameter is a query parameter or header field of openapi.yaml.
type parameter struct {
	name     string
	required bool
	schema   *schema.Schema
}

// readParameters reads the operation's query parameters and header fields from openapi.yaml.
func (o *operation) readParameters(op *openapi3.Operation) error {
	o.anyQuery, _ = op.Extensions["x-souk-any-query"].(bool)
	o.queries, o.headers = map[string]parameter{}, map[string]parameter{}
	for _, ref := range op.Parameters {
		p := ref.Value
		compiled, err := schema.Compile(p.Schema.Value)
		if err == nil && !compiled.Primitive() {
			err = fmt.Errorf("a parameter of that type is not known")
		}
		if err != nil {
			return fmt.Errorf("parameter %s: %w", p.Name, err)
		}
		switch p.In {
		case openapi3.ParameterInQuery:
			o.queries[p.Name] = parameter{name: p.Name, required: p.Required, schema: compiled}
		case openapi3.ParameterInHeader:
			o.headers[p.Name] = parameter{name: p.Name, required: p.Required, schema: compiled}
		}
	}
	return nil
}

// checkParameters checks the query and header parameters of a request.
func (o *operation) checkParameters(query url.Values, header http.Header) error {
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if _, ok := o.queries[name]; !ok && !o.anyQuery {
			return invalidRequest("Unknown query parameter " + cut(name, maxName) + ".")
		}
	}
	var violations []field.Violation
	for _, name := range slices.Sorted(maps.Keys(o.queries)) {
		violations = append(violations, o.queries[name].check(query[name])...)
	}
	for _, name := range slices.Sorted(maps.Keys(o.headers)) {
		violations = append(violations, o.headers[name].check(header.Values(name))...)
	}
	if len(violations) > 0 {
		return InvalidFields(violations...)
	}
	return nil
}

// check returns the violations of a parameter. A parameter must not be given twice, and must be UTF-8, because gRPC carries
// nothing else.
func (p parameter) check(given []string) []field.Violation {
	message := ""
	switch {
	case len(given) == 0 && p.required:
		message = "is required"
	case len(given) > 1:
		message = "must be given once"
	case len(given) == 1 && !clean(given[0]):
		message = "must be UTF-8 text"
	case len(given) == 1:
		message = p.schema.CheckParameter(given[0])
	}
	if message == "" {
		return nil
	}
	return []field.Violation{{Field: p.name, Message: message}}
}

// parseQuery parses the query. It refuses one that is not UTF-8 or contains U+0000.
func parseQuery(r *http.Request) (url.Values, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, invalidRequest("The query is malformed.")
	}
	for name, values := range query {
		if !clean(name) || !clean(strings.Join(values, "")) {
			return nil, invalidRequest("The query is not UTF-8 text.")
		}
	}
	return query, nil
}

func clean(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsRune(s, 0)
}
