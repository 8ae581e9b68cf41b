package edge

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"

	"souk/platform/field"
)

// checkSchema validates a decoded body: an unknown field is a 400, any other violation a 422.
func checkSchema(schema *openapi3.Schema, value any) error {
	err := schema.VisitJSON(value, openapi3.MultiErrors())
	if err == nil {
		return nil
	}
	var violations []field.Violation
	for _, schemaErr := range flatten(err) {
		path := dotted(schemaErr.JSONPointer())
		if name, ok := unknownField(schemaErr); ok {
			return invalidRequest("Unknown field " + join(path, name) + ".")
		}
		violations = add(violations, field.Violation{Field: cmp.Or(path, "body"), Message: message(schemaErr)})
	}
	return InvalidFields(violations...)
}

// add has each field in the list once: a number beyond its format is beyond its maximum as well, which says more.
func add(violations []field.Violation, v field.Violation) []field.Violation {
	for i := range violations {
		if violations[i].Field == v.Field {
			violations[i] = v
			return violations
		}
	}
	return append(violations, v)
}

// checkParameters validates the query and the header fields that the operation names.
func (o *operation) checkParameters(ctx context.Context, r *http.Request) error {
	input := &openapi3filter.RequestValidationInput{
		Request: r, Route: o.route, QueryParams: r.URL.Query(),
		Options: &openapi3filter.Options{MultiError: true, SkipSettingDefaults: true},
	}
	for _, name := range slices.Sorted(maps.Keys(input.QueryParams)) {
		if o.queries != nil && !o.queries[name] {
			return invalidRequest("Unknown query parameter " + cut(name) + ".")
		}
	}
	var violations []field.Violation
	for _, p := range o.route.Operation.Parameters {
		if p.Value.In == openapi3.ParameterInPath {
			continue
		}
		if message := checkGiven(p.Value, input); message != "" {
			violations = append(violations, field.Violation{Field: p.Value.Name, Message: message})
		} else if err := openapi3filter.ValidateParameter(ctx, input, p.Value); err != nil {
			violations = append(violations, field.Violation{Field: p.Value.Name, Message: parameterMessage(p.Value, err)})
		}
	}
	if len(violations) > 0 {
		return InvalidFields(violations...)
	}
	return nil
}

// checkGiven says what is wrong with how a parameter is given, whatever its schema: none of ours is a list, and
// gRPC carries only UTF-8.
func checkGiven(p *openapi3.Parameter, input *openapi3filter.RequestValidationInput) string {
	values := input.QueryParams[p.Name]
	if p.In == openapi3.ParameterInHeader {
		values = input.Request.Header.Values(p.Name)
	}
	switch {
	case len(values) > 1:
		return "must be given once"
	case len(values) == 1 && !clean(values[0]):
		return "must be UTF-8 text"
	default:
		return ""
	}
}

func parameterMessage(p *openapi3.Parameter, err error) string {
	if found := flatten(err); len(found) > 0 {
		return message(found[0])
	}
	return "must be " + article(p.Schema.Value.Type)
}

// flatten finds the schema errors in what kin-openapi returns.
func flatten(err error) []*openapi3.SchemaError {
	var multi openapi3.MultiError
	if errors.As(err, &multi) {
		var all []*openapi3.SchemaError
		for _, e := range multi {
			all = append(all, flatten(e)...)
		}
		return all
	}
	var schemaErr *openapi3.SchemaError
	if errors.As(err, &schemaErr) {
		return []*openapi3.SchemaError{schemaErr}
	}
	return nil
}

// unknownField returns the name of a field that the schema does not have.
func unknownField(err *openapi3.SchemaError) (string, bool) {
	name, ok := strings.CutPrefix(err.Reason, `property "`)
	if !ok {
		return "", false
	}
	return strings.CutSuffix(name, `" is unsupported`)
}

// message says what a value must be, by the keyword of the schema that it breaks.
func message(err *openapi3.SchemaError) string {
	schema := err.Schema
	switch err.SchemaField {
	case "required":
		return "is required"
	case "type", "nullable":
		return "must be " + article(schema.Type)
	case "format":
		return "is out of range"
	case "minimum":
		return "must be at least " + strconv.FormatFloat(*schema.Min, 'f', -1, 64)
	case "maximum":
		return "must be at most " + strconv.FormatFloat(*schema.Max, 'f', -1, 64)
	case "minLength":
		return "must have at least " + strconv.FormatUint(schema.MinLength, 10) + " characters"
	case "maxLength":
		return "must have at most " + strconv.FormatUint(*schema.MaxLength, 10) + " characters"
	case "minItems":
		return "must have at least " + strconv.FormatUint(schema.MinItems, 10) + " items"
	case "maxItems":
		return "must have at most " + strconv.FormatUint(*schema.MaxItems, 10) + " items"
	case "minProperties":
		return "must have at least " + strconv.FormatUint(schema.MinProps, 10) + " fields"
	case "maxProperties":
		return "must have at most " + strconv.FormatUint(*schema.MaxProps, 10) + " fields"
	case "enum":
		return "must be one of " + oneOf(schema.Enum)
	case "pattern":
		return "must match " + schema.Pattern
	default:
		return err.Reason
	}
}

func oneOf(values []any) string {
	names := make([]string, len(values))
	for i, v := range values {
		names[i], _ = v.(string)
	}
	return strings.Join(names, ", ")
}

func article(types *openapi3.Types) string {
	names := strings.Join(types.Slice(), " or ")
	if strings.HasPrefix(names, "integer") || strings.HasPrefix(names, "object") || strings.HasPrefix(names, "array") {
		return "an " + names
	}
	return "a " + names
}

// dotted writes a JSON pointer as clients write fields: variants[0].sku.
func dotted(pointer []string) string {
	path := ""
	for _, element := range pointer {
		if _, err := strconv.Atoi(element); err == nil {
			path += "[" + element + "]"
		} else {
			path = join(path, element)
		}
	}
	return path
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
