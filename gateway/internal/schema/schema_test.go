package schema

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"souk/gateway"
)

// compile compiles a schema written in JSON.
func compile(t testing.TB, text string) *Schema {
	t.Helper()
	s, err := compileText(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func compileText(text string) (*Schema, error) {
	var s openapi3.Schema
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return nil, err
	}
	return Compile(&s)
}

func TestATimeIsWrittenAsRFC3339(t *testing.T) {
	t.Parallel()
	s := compile(t, `{"type": "string", "format": "date-time"}`)
	for text, want := range map[string]string{
		"2026-09-01T10:00:00Z": "", "2026-09-01T10:00:00.123+02:00": "", "2026-09-01": "must be a time such as 2026-09-01T10:00:00Z",
		"2026-02-30T10:00:00Z": "must be a time such as 2026-09-01T10:00:00Z", "": "must be a time such as 2026-09-01T10:00:00Z",
	} {
		if got := s.CheckParameter(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestAnUnknownKeywordIsAnError(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"type": "number"}`:                                                  "number",
		`{"type": ["string", "null"]}`:                                        "string, null",
		`{"type": "string", "format": "email"}`:                               "email",
		`{"type": "string", "enum": [1]}`:                                     "1 is no string",
		`{"type": "string", "pattern": "("}`:                                  "missing closing )",
		`{"type": "integer", "multipleOf": 2}`:                                "multipleOf",
		`{"type": "integer", "exclusiveMinimum": 2}`:                          "exclusiveMinimum",
		`{"type": "integer", "format": "uint8"}`:                              "uint8",
		`{"type": "array"}`:                                                   "items",
		`{"type": "array", "items": {"type": "string"}, "uniqueItems": true}`: "uniqueItems",
		`{"type": "object", "patternProperties": {"x": {"type": "string"}}}`:  "patternProperties",
		`{"type": "object", "properties": {"a": {"type": "null"}}}`:           "a: a schema of the type",
		`{"type": "object", "additionalProperties": {"type": "number"}}`:      "additionalProperties: a schema of the type",
		`{"type": "object", "allOf": [{"type": "object"}]}`:                   "allOf",
		`{"anyOf": [{"type": "object"}]}`:                                     "anyOf",
		`{}`:                                                                  "neither",
		`{"oneOf": [{"type": "object", "not": {}}]}`:                          "oneOf: the keyword not",
		`{"type": "object", "properties": {"a": {"type": "string"}}, "oneOf": [{"type": "object"}]}`: "no others",
	} {
		if _, err := compileText(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error about %q", text, err, want)
		}
	}
}

// The router does not start if a schema fails to compile; this test names the operation.
func TestEveryBodyOfTheContractCompiles(t *testing.T) {
	t.Parallel()
	spec, err := openapi3.NewLoader().LoadFromData(gateway.Spec)
	if err != nil {
		t.Fatal(err)
	}
	known := 0
	for path, item := range spec.Paths.Map() {
		for method, op := range item.Operations() {
			if op.RequestBody == nil || op.RequestBody.Value.Content["application/json"] == nil {
				continue
			}
			known++
			if _, err := Compile(op.RequestBody.Value.Content["application/json"].Schema.Value); err != nil {
				t.Errorf("%s %s: %v", method, path, err)
			}
		}
	}
	if known < 12 {
		t.Errorf("only %d bodies", known)
	}
}

func TestIntegersAreAcceptedInEveryNotation(t *testing.T) {
	t.Parallel()
	s := compile(t, `{"type": "object", "properties": {"a": {"type": "integer", "format": "int64"}}}`)
	long := strings.Repeat("0", 1<<20)
	for literal, want := range map[string]string{
		"2": "2", "2.0": "2", "2.00": "2", "20e-1": "2", "0.2e1": "2", "2E0": "2", "2e+0": "2", "-2.0": "-2", "0.0": "0", "-0": "-0", "-0.0": "0",
		"0e99999999999999999999": "0", "0e-5": "0", "1e18": "1000000000000000000", "9223372036854775807.0": "9223372036854775807",
		"-9223372036854775808e0": "-9223372036854775808", "1." + long: "1", "1" + long + "e-1048576": "1", "0." + long[1:] + "1e1048576": "1",
	} {
		for _, text := range []string{`{"a":` + literal + `}`, ` { "a" : ` + literal + ` } `} {
			checked, err := s.Check(t.Context(), []byte(text))
			if err != nil || string(checked) != strings.Replace(text, literal, want, 1) {
				t.Errorf("%.50s became %.50s: %v", text, checked, err)
			}
		}
	}
}

func TestAFractionOrAnIntegerOutOfRangeIsRefused(t *testing.T) {
	t.Parallel()
	s := compile(t, `{"type": "integer", "format": "int64"}`)
	small := compile(t, `{"type": "integer", "format": "int32", "minimum": -5}`)
	for literal, want := range map[string]string{
		"1.5": "body must be an integer", "1e-1": "body must be an integer", "15e-1": "body must be an integer",
		"1e-99999999999999999999": "body must be an integer", "0." + strings.Repeat("0", 1<<20) + "1": "body must be an integer",
		"9223372036854775808": "body is out of range", "-9223372036854775809": "body is out of range", "1e19": "body is out of range",
		"1e400": "body is out of range", "-1e99999999999999999999": "body is out of range", "1e999999": "body is out of range",
		strings.Repeat("9", 1<<20): "body is out of range",
	} {
		if _, err := s.Check(t.Context(), []byte(literal)); err == nil || err.Error() != want {
			t.Errorf("%.50s: %v, want %q", literal, err, want)
		}
	}
	for literal, want := range map[string]string{
		"2147483648": "body is out of range", "1e30": "body is out of range", "-6": "body must be at least -5", "-1e30": "body must be at least -5",
	} {
		if _, err := small.Check(t.Context(), []byte(literal)); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %q", literal, err, want)
		}
	}
}

func TestExactlyOneAlternativeMustAcceptAValue(t *testing.T) {
	t.Parallel()
	s := compile(t, `{"type": "object", "properties": {"where": {"oneOf": [
		{"type": "object", "required": ["id"], "additionalProperties": false, "properties": {"id": {"type": "string"}}},
		{"type": "object", "required": ["x", "y"], "additionalProperties": false, "properties": {"x": {"type": "integer"}, "y": {"type": "integer"}}},
		{"type": "object", "required": ["x", "name"], "additionalProperties": false, "properties": {"x": {"type": "integer"}, "name": {"type": "string"}}}
	]}}, "additionalProperties": false}`)
	for text, want := range map[string]string{
		`{"where":{"id":"a"}}`: "", `{"where":{"x":1.0,"y":2}}`: "", `{"where":{"name":"a","x":1}}`: "",
		`{"where":{"x":1}}`: "where.y is required", `{"where":{}}`: "where.id is required", `{"where":{"x":"a","y":1}}`: "where.x must be an integer",
		`{"where":{"id":"a","x":1}}`: "unknown field where.x", `{"where":1}`: "where must be an object",
		`{"where":[[` + strings.Repeat("[", 31) + strings.Repeat("]", 33) + `}`: "it nests deeper than 32 levels",
	} {
		checked, err := s.Check(t.Context(), []byte(text))
		if want == "" && (err != nil || !slices.Equal(checked, []byte(strings.ReplaceAll(text, ".0", "")))) || want != "" && (err == nil || err.Error() != want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestExactlyOneChoiceOfPropertiesMustBePresent(t *testing.T) {
	t.Parallel()
	s := compile(t, `{"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}, "c": {"type": "string"}},
		"additionalProperties": false, "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}`)
	for text, want := range map[string]string{
		`{"a":""}`: "", `{"b":"","c":""}`: "", `{"c":""}`: "a is required, unless there is b", `{"a":"","b":""}`: "b must not stand beside a",
	} {
		if _, err := s.Check(t.Context(), []byte(text)); (err == nil) != (want == "") || err != nil && err.Error() != want {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
