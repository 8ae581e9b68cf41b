package contract

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// wholeBody is what a violation of the body as a whole names.
const wholeBody = "body"

// request is what a client can send to an operation.
type request struct {
	parameters openapi3.Parameters
	// bodies are the schemas of the body, one for each media type.
	bodies []*openapi3.Schema
}

func requestOf(item *openapi3.PathItem, op *openapi3.Operation) request {
	r := request{parameters: slices.Concat(item.Parameters, op.Parameters)}
	if op.RequestBody != nil {
		for _, media := range op.RequestBody.Value.Content {
			r.bodies = append(r.bodies, media.Schema.Value)
		}
	}
	return r
}

// checkFields returns which of the fields that a refusal blames no client can send to the operation, or "".
func (r request) checkFields(a Answer) string {
	if a.Status != http.StatusUnprocessableEntity || a.Method == http.MethodHead {
		return ""
	}
	value, reason := decode(a, []string{problemMedia})
	if reason != "" {
		return reason
	}
	problem, _ := value.(map[string]any)
	violations, _ := problem["errors"].([]any)
	for _, v := range violations {
		violation, _ := v.(map[string]any)
		if name, _ := violation["field"].(string); !r.has(name) {
			return fmt.Sprintf("it blames the field %q, which is no parameter, header or property of the request", name)
		}
	}
	return ""
}

// has reports whether a name is that of a parameter or a header, or the path of a property, such as variants[0].sku.
func (r request) has(name string) bool {
	for _, p := range r.parameters {
		if p.Value.Name == name || p.Value.In == openapi3.ParameterInHeader && strings.EqualFold(p.Value.Name, name) {
			return true
		}
		// A parameter that stands for all whose names begin so.
		if prefix, _ := p.Value.Extensions["x-souk-prefix"].(string); prefix != "" && strings.HasPrefix(name, prefix) {
			return true
		}
	}
	if name == wholeBody {
		return len(r.bodies) > 0
	}
	steps := strings.FieldsFunc(strings.ReplaceAll(name, "[", ".["), func(c rune) bool { return c == '.' })
	return slices.ContainsFunc(r.bodies, func(body *openapi3.Schema) bool { return len(steps) > 0 && leads(body, steps) })
}

// leads reports whether steps lead from a value of the schema to one that stands in it. What an object without names for its
// properties has in it may have any name.
func leads(schema *openapi3.Schema, steps []string) bool {
	if len(steps) == 0 || schema.AdditionalProperties.Schema != nil {
		return true
	}
	if strings.HasPrefix(steps[0], "[") {
		return schema.Items != nil && leads(schema.Items.Value, steps[1:])
	}
	if property := schema.Properties[steps[0]]; property != nil {
		return leads(property.Value, steps[1:])
	}
	return slices.ContainsFunc(slices.Concat(schema.AllOf, schema.OneOf, schema.AnyOf), func(part *openapi3.SchemaRef) bool {
		return leads(part.Value, steps)
	})
}
