package edge

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// forms returns the forms of a schema with alternatives: each form requires the properties of one alternative and has none of
// the others. A schema without alternatives has one form.
func forms(s *openapi3.Schema) []*openapi3.Schema {
	if len(s.OneOf) == 0 {
		return []*openapi3.Schema{s}
	}
	var all []*openapi3.Schema
	for _, chosen := range s.OneOf {
		form := *s
		form.OneOf, form.Properties = nil, maps.Clone(s.Properties)
		form.Required = slices.Concat(s.Required, chosen.Value.Required)
		for _, other := range s.OneOf {
			for _, name := range other.Value.Required {
				if !slices.Contains(form.Required, name) {
					delete(form.Properties, name)
				}
			}
		}
		all = append(all, &form)
	}
	return all
}

// full returns a valid value with every property of the schema, in its last form.
func full(s *openapi3.Schema) any {
	if all := forms(s); len(all) > 1 {
		return full(all[len(all)-1])
	}
	switch {
	case s.Type.Is("object"):
		object := map[string]any{}
		for name, property := range s.Properties {
			object[name] = full(property.Value)
		}
		if len(s.Properties) == 0 && s.AdditionalProperties.Schema != nil {
			object["Size"] = full(s.AdditionalProperties.Schema.Value)
		}
		return object
	case s.Type.Is("array"):
		return items(s, max(1, s.MinItems))
	case s.Type.Is("integer"):
		if s.Min != nil {
			return max(1, *s.Min)
		}
		return 1
	case s.Type.Is("boolean"):
		return true
	default:
		return fullString(s)
	}
}

func fullString(s *openapi3.Schema) string {
	switch {
	case len(s.Enum) > 0:
		return s.Enum[0].(string)
	case s.Format == "date-time":
		return "2126-09-01T10:00:00Z"
	case s.Pattern == "^[A-Z]{2}$":
		return "GB"
	case s.Pattern == "^[A-Z]{3}$":
		return "GBP"
	default:
		return strings.Repeat("x", int(max(1, s.MinLength)))
	}
}

// required returns the smallest valid value of a form.
func required(s *openapi3.Schema) any {
	object := map[string]any{}
	for _, name := range s.Required {
		object[name] = full(s.Properties[name].Value)
	}
	return object
}

// change is one way to make a body invalid.
type change struct {
	name   string
	body   any
	status int
	code   string
	// field must be named in the problem; "" for none.
	field string
}

// changes returns all ways to make a body invalid, one at a time.
func changes(t *testing.T, schema *openapi3.Schema) []change {
	t.Helper()
	found := choices(schema)
	for _, form := range forms(schema) {
		c := changer{t: t, root: full(form)}
		other := *form
		other.Required = schema.Required // the properties that alternatives require are tested by choices
		c.value(&other, nil, "")
		found = append(found, c.found...)
	}
	return found
}

// choices returns bodies that match none or two of the schema's alternatives.
func choices(s *openapi3.Schema) []change {
	var found []change
	invalid := func(name string, body any, field string) {
		found = append(found, change{name: name, body: body, status: 422, code: "validation_failed", field: field})
	}
	for i, form := range forms(s)[:len(s.OneOf)] {
		body, first := full(forms(s)[0]).(map[string]any), s.OneOf[0].Value.Required
		if i > 0 {
			maps.Copy(body, full(form).(map[string]any))
			invalid("two alternatives", body, s.OneOf[i].Value.Required[0])
			continue
		}
		for _, name := range first {
			delete(body, name)
		}
		invalid("no alternative", body, first[0])
	}
	return found
}

type changer struct {
	t     *testing.T
	root  any
	found []change
}

// value makes the value at path invalid. field is its name in problems.
func (c *changer) value(s *openapi3.Schema, path []any, field string) {
	for name, wrong := range wrongTypes(s) {
		c.invalid(name, path, wrong, field)
	}
	for name, wrong := range outOfRange(s) {
		c.invalid(name, path, wrong, field)
	}
	switch {
	case s.Type.Is("object"):
		c.object(s, path, field)
	case s.Type.Is("array"):
		c.value(s.Items.Value, append(slices.Clone(path), 0), field+"[0]")
	}
}

func (c *changer) object(s *openapi3.Schema, path []any, field string) {
	if extra := s.AdditionalProperties.Schema; extra != nil {
		c.value(extra.Value, append(slices.Clone(path), "Size"), join(field, "Size"))
		return
	}
	if s.AdditionalProperties.Has == nil || *s.AdditionalProperties.Has {
		c.t.Errorf("%q allows unknown fields", field)
	}
	c.found = append(c.found, change{
		name: "unknown field in " + at(field), body: c.with(append(slices.Clone(path), "no_such_field"), 1),
		status: 400, code: "invalid_request",
	})
	for _, name := range s.Required {
		c.found = append(c.found, change{
			name: "without " + join(field, name), body: c.with(append(slices.Clone(path), name), gone{}),
			status: 422, code: "validation_failed", field: join(field, name),
		})
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		c.value(s.Properties[name].Value, append(slices.Clone(path), name), join(field, name))
	}
}

func (c *changer) invalid(name string, path []any, wrong any, field string) {
	if field == "" {
		field = "body"
	}
	c.found = append(c.found, change{
		name: field + " is " + name, body: c.with(path, wrong), status: 422, code: "validation_failed", field: field,
	})
}

// gone removes a field.
type gone struct{}

// with returns the whole body with another value at path.
func (c *changer) with(path []any, v any) any {
	c.t.Helper()
	if len(path) == 0 {
		return v
	}
	var root any
	if err := json.Unmarshal(encode(c.t, c.root), &root); err != nil {
		c.t.Fatal(err)
	}
	parent := root
	for _, step := range path[:len(path)-1] {
		switch s := step.(type) {
		case string:
			parent = parent.(map[string]any)[s]
		case int:
			parent = parent.([]any)[s]
		}
	}
	switch s := path[len(path)-1].(type) {
	case string:
		if v == (any)(gone{}) {
			delete(parent.(map[string]any), s)
			break
		}
		parent.(map[string]any)[s] = v
	case int:
		parent.([]any)[s] = v
	}
	return root
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func at(field string) string {
	if field == "" {
		return "the body"
	}
	return field
}

// wrongTypes returns values of types that the schema does not allow.
func wrongTypes(s *openapi3.Schema) map[string]any {
	wrong := map[string]any{
		"null": nil, "a string": "7", "a boolean": true, "a number": 7, "an array": []any{}, "an object": map[string]any{},
		"an overflowing number": json.Number("1e400"), "a fraction": 1.5,
	}
	switch {
	case s.Type.Is("object"):
		delete(wrong, "an object")
	case s.Type.Is("array"):
		delete(wrong, "an array")
	case s.Type.Is("integer"):
		delete(wrong, "a number")
		delete(wrong, "an overflowing number")
		wrong["far beyond any number"] = json.Number("1e400")
		wrong["beyond int64"] = json.Number("9223372036854775808")
		wrong["far beyond int64"] = json.Number("1e30")
	case s.Type.Is("boolean"):
		delete(wrong, "a boolean")
	default:
		delete(wrong, "a string")
	}
	return wrong
}

// items returns a list of so many items.
func items(s *openapi3.Schema, n uint64) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = full(s.Items.Value)
	}
	return list
}

// outOfRange returns values of the right type that violate the schema's limits.
func outOfRange(s *openapi3.Schema) map[string]any {
	wrong := map[string]any{}
	if s.Min != nil {
		wrong["below the minimum"] = *s.Min - 1
	}
	if s.Max != nil {
		wrong["above the maximum"] = *s.Max + 1
	}
	if s.MinLength > 0 {
		wrong["too short"] = strings.Repeat("x", int(s.MinLength-1))
	}
	if s.MaxLength != nil {
		wrong["too long"] = strings.Repeat("é", int(*s.MaxLength+1))
	}
	switch s.Pattern {
	case "^[A-Z]{2}$":
		wrong["no country"], wrong["lower-case"], wrong["a country and more"] = "GBR", "gb", "GB\n"
	case "^[A-Z]{3}$":
		wrong["no currency"], wrong["lower-case"], wrong["a currency and more"] = "GB", "gbp", "GBP\n"
	}
	if len(s.Enum) > 0 {
		wrong["none of the enum"] = "no_such_value"
	}
	if s.MinItems > 0 {
		wrong["too few"] = items(s, s.MinItems-1)
	}
	if s.MaxItems != nil {
		wrong["too many"] = items(s, *s.MaxItems+1)
	}
	if s.MinProps > 0 {
		wrong["without any of its fields"] = map[string]any{}
	}
	if s.MaxProps != nil {
		wrong["of too many fields"] = map[string]any{"a": "1", "b": "2", "c": "3", "d": "4"}
	}
	return wrong
}
