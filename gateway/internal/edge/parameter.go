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
	// repeated says that it may be given several times.
	repeated bool
	// prefix is set if the parameter stands for all whose names begin with it and are longer.
	prefix string
}

// parameters are the parameters of an operation in one place of its requests, in the order of the contract.
type parameters []parameter

// find returns the parameter with a name.
func (ps parameters) find(name string) (parameter, bool) {
	i := slices.IndexFunc(ps, func(p parameter) bool { return p.stands(name) })
	if i < 0 {
		return parameter{}, false
	}
	return ps[i], true
}

// stands reports whether the parameter stands for a name in a query.
func (p parameter) stands(name string) bool {
	if p.prefix != "" {
		return strings.HasPrefix(name, p.prefix) && name != p.prefix
	}
	return p.name == name
}

// The extension that says what the names of a family of query parameters begin with.
const prefixExtension = "x-souk-prefix"

// readParameters reads the operation's query parameters and header fields from openapi.yaml.
func (o *operation) readParameters(op *openapi3.Operation) error {
	o.anyQuery, _ = op.Extensions["x-souk-any-query"].(bool)
	for _, ref := range op.Parameters {
		p := ref.Value
		one := p.Schema.Value
		repeated := p.In == openapi3.ParameterInQuery && one.Type.Is("array") && one.MaxItems == nil && one.MinItems == 0
		if repeated {
			one = one.Items.Value
		}
		compiled, err := schema.Compile(one)
		if err == nil && !compiled.Primitive() {
			err = fmt.Errorf("a parameter of that type is not known")
		}
		if err != nil {
			return fmt.Errorf("parameter %s: %w", p.Name, err)
		}
		switch p.In {
		case openapi3.ParameterInQuery:
			prefix, _ := p.Extensions[prefixExtension].(string)
			o.queries = append(o.queries, parameter{name: p.Name, required: p.Required, schema: compiled, repeated: repeated, prefix: prefix})
		case openapi3.ParameterInHeader:
			o.headers = append(o.headers, parameter{name: p.Name, required: p.Required, schema: compiled})
		}
	}
	return nil
}

// checkParameters checks the query and header parameters of a request.
func (o *operation) checkParameters(query url.Values, header http.Header) error {
	if unknown := o.unknownQueries(query); len(unknown) > 0 {
		return invalidRequest("Unknown query parameter " + cut(slices.Min(unknown), maxName) + ".")
	}
	var violations []field.Violation
	for _, p := range o.queries {
		violations = append(violations, p.checkQuery(query)...)
	}
	for _, p := range o.headers {
		violations = append(violations, p.check(p.name, header.Values(p.name))...)
	}
	if len(violations) > 0 {
		return InvalidFields(violations...)
	}
	return nil
}

// unknownQueries returns the names in a query that are not in the contract.
func (o *operation) unknownQueries(query url.Values) (unknown []string) {
	if o.anyQuery {
		return nil
	}
	for name := range query {
		if _, ok := o.queries.find(name); !ok {
			unknown = append(unknown, name)
		}
	}
	return unknown
}

// checkQuery returns the violations of a query parameter, or of those that it stands for.
func (p parameter) checkQuery(query url.Values) (violations []field.Violation) {
	if p.prefix == "" {
		return p.check(p.name, query[p.name])
	}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if p.stands(name) && len(violations) < schema.MaxViolations {
			violations = append(violations, p.check(cut(name, maxName), query[name])...)
		}
	}
	return violations
}

// check returns the first violation of a parameter. A parameter must not be given twice, unless it is a repeated one, and must be
// UTF-8, because gRPC carries nothing else.
func (p parameter) check(name string, given []string) []field.Violation {
	message := ""
	switch {
	case len(given) == 0 && p.required:
		message = "is required"
	case len(given) > 1 && !p.repeated:
		message = "must be given once"
	}
	for _, value := range given {
		switch {
		case message != "":
		case !clean(value):
			message = "must be UTF-8 text"
		default:
			message = p.schema.CheckParameter(value)
		}
	}
	if message == "" {
		return nil
	}
	return []field.Violation{{Field: name, Message: message}}
}

// parseQuery parses the query. It refuses one that is not UTF-8 or contains U+0000.
func parseQuery(r *http.Request) (url.Values, error) {
	if r.URL.RawQuery == "" {
		return nil, nil
	}
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
