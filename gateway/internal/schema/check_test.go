package schema

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"

	"souk/platform/field"
)

// anything accepts every JSON text.
const anything = `{"oneOf": [
	{"type": "object", "additionalProperties": true}, {"type": "array", "items": {"type": "object"}, "maxItems": 0},
	{"type": "string"}, {"type": "integer"}, {"type": "boolean"}]}`

func TestNestingEndsAtItsLimit(t *testing.T) {
	t.Parallel()
	s := compile(t, `{"type": "object", "additionalProperties": true}`)
	for depth, passes := range map[int]bool{0: true, 31: true, 32: false, 100_000: false} {
		for _, pair := range [][2]string{{"[", "]"}, {`{"a":`, "}"}} {
			text := `{"x":` + strings.Repeat(pair[0], depth) + "1" + strings.Repeat(pair[1], depth) + "}"
			if _, err := s.Check(t.Context(), []byte(text)); (err == nil) != passes || err != nil && !strings.Contains(err.Error(), "deeper") {
				t.Errorf("%d levels of %s: %v", depth, pair[0], err)
			}
		}
	}
}

func TestTheSameNameMayOccurInTwoObjects(t *testing.T) {
	t.Parallel()
	s := compile(t, `{"type": "object", "additionalProperties": true}`)
	for _, text := range []string{`{"a":{"a":1},"b":{"a":1}}`, `{"c":[{"a":1},{"a":1}]}`, `{"a":1,"A":1}`} {
		if _, err := s.Check(t.Context(), []byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestAnUnpairedSurrogateIsRefused(t *testing.T) {
	t.Parallel()
	s := compile(t, `{"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": {"type": "string"}}`)
	for _, half := range []string{`\ud800`, `\udfff`, `\udc00\ud800`, `\ud800x`, `\ud800\n`, `\ud800\u0041`, `\uD83D`} {
		for _, text := range []string{`{"a":"` + half + `"}`, `{"` + half + `":"x"}`, `{"b":["` + half + `"]}`, `{"a":"x` + half + `y"}`} {
			var malformed *SyntaxError
			if _, err := s.Check(t.Context(), []byte(text)); !errors.As(err, &malformed) {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
	if _, err := s.Check(t.Context(), []byte(`{"a":"\ud83d\ude00","\uD83D\uDE00":"x"}`)); err != nil {
		t.Errorf("a whole pair: %v", err)
	}
}

const lines = `{"type": "object", "required": ["lines"], "additionalProperties": false, "properties": {"lines": {
	"type": "array", "minItems": 1, "maxItems": 2000, "items": {"type": "object", "required": ["sku"], "additionalProperties": false,
	"properties": {"sku": {"type": "string", "maxLength": 5}, "options": {"type": "object", "maxProperties": 3, "additionalProperties": {"type": "string"}}}}}}}`

func TestViolationsEndAtTheirLimit(t *testing.T) {
	t.Parallel()
	s := compile(t, lines)
	violations := violationsOf(t, s, `{"lines":[`+strings.Repeat("0,", 1999)+"0]}")
	if len(violations) != MaxViolations || violations[0].Field != "lines[0]" || violations[49].Field != "lines[49]" {
		t.Errorf("%d violations: %v", len(violations), violations)
	}
}

func TestTooManyItemsAreTheOnlyViolationOfAnArray(t *testing.T) {
	t.Parallel()
	s := compile(t, lines)
	for _, text := range []string{
		`{"lines":[` + strings.Repeat("0,", 2000) + "0]}", `{"lines":[` + strings.Repeat("0,", 20_000) + "0]}",
		`{"lines":[` + strings.Repeat(`{"sku":"too long"},`, 2000) + "[]]}",
	} {
		if got := violationsOf(t, s, text); len(got) != 1 || got[0].Field != "lines" || got[0].Message != "must have at most 2000 items" {
			t.Errorf("%.30s: %v", text, got)
		}
	}
	options := strings.Builder{}
	for i := range 1000 {
		options.WriteString(`"` + strconv.Itoa(i) + `":0,`)
	}
	got := violationsOf(t, s, `{"lines":[{"sku":"a","options":{`+options.String()+`"x":0}},{"sku":"a","options":{"a":0}},{}]}`)
	if len(got) != 3 || got[0] != (field.Violation{Field: "lines[0].options", Message: "must have at most 3 fields"}) ||
		got[1] != (field.Violation{Field: "lines[1].options.a", Message: "must be a string"}) || got[2].Field != "lines[2].sku" {
		t.Errorf("%v", got)
	}
}

func violationsOf(t *testing.T, s *Schema, text string) []field.Violation {
	t.Helper()
	_, err := s.Check(t.Context(), []byte(text))
	var invalid *field.Error
	if !errors.As(err, &invalid) {
		t.Fatalf("%.50s: %v", text, err)
	}
	return invalid.Violations
}

func TestACheckEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	text := `{"lines":[` + strings.Repeat("0,", 500_000) + "0]}"
	if _, err := compile(t, lines).Check(ctx, []byte(text)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// FuzzCheck checks two properties. An accepted text is JSON and keeps its meaning. A text refused as malformed is not JSON, or
// is refused for one of the documented extra reasons.
func FuzzCheck(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,{"b":null}]}`, `[1,]`, `{"a":1]`, `{"a" 1}`, `1 2`, `{,}`, `[,]`, `"\ud800"`, `{"a":1,}`, `-`, `01`, `1.0`, `10e-1`, "\"\xff\"", `{"a":1,"a":1}`,
	} {
		f.Add([]byte(seed))
	}
	s := compile(f, anything)
	f.Fuzz(func(t *testing.T, text []byte) {
		checked, err := s.Check(t.Context(), text)
		var malformed *SyntaxError
		switch {
		case err == nil && (!json.Valid(text) || !json.Valid(checked)):
			t.Errorf("passed %q as %q", text, checked)
		case errors.As(err, &malformed) && json.Valid(text):
			for _, own := range []string{"stands twice", "U+0000", "deeper", "surrogate", "UTF-8"} {
				if strings.Contains(malformed.Reason, own) {
					return
				}
			}
			t.Errorf("refused %q: %v", text, err)
		case err != nil && malformed == nil && !json.Valid(text):
			t.Errorf("took %q for JSON: %v", text, err)
		}
	})
}
