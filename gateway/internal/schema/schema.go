// Package schema checks input of clients against the schemas of openapi.yaml. The cost is linear in the size of the input,
// whatever the input is. The package knows the keywords that our contract uses, and refuses to compile schemas with other
// keywords.
package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Schema is a compiled schema.
type Schema struct {
	// kind is object, array, string, integer or boolean; it is "" for a schema that only has alternatives.
	kind string

	// For objects. extra is the schema of properties that are not named. If it is nil, such properties are refused unless open
	// is set.
	properties   map[string]*Schema
	required     []string
	extra        *Schema
	open         bool
	minMembers   int
	maxMembers   *int
	alternatives []*Schema
	choices      [][]string

	// For arrays.
	items    *Schema
	minItems int
	maxItems *int

	// For strings; lengths are in characters.
	minLength int
	maxLength *int
	pattern   *regexp.Regexp
	enum      []string
	isTime    bool // of the format date-time

	// For integers. least and most are the limits of the integer's format.
	minimum, maximum *int64
	least, most      int64
}

// Keywords that do not restrict values, or that a request cannot violate.
var annotations = []string{"title", "description", "example", "examples", "default", "deprecated", "readOnly", "writeOnly", "$comment"}

// keywords are the keywords allowed for each kind of schema.
var keywords = map[string][]string{
	"object":  {"properties", "required", "additionalProperties", "minProperties", "maxProperties", "oneOf"},
	"array":   {"items", "minItems", "maxItems"},
	"string":  {"format", "minLength", "maxLength", "pattern", "enum", "const"},
	"integer": {"format", "minimum", "maximum"},
	"boolean": {},
	"":        {"oneOf", "discriminator"},
}

// Compile compiles s. It returns an error for an unknown keyword.
func Compile(s *openapi3.Schema) (*Schema, error) {
	return compiler{}.compile(s)
}

// compiler remembers compiled schemas, so that a schema used by several others is compiled once.
type compiler map[*openapi3.Schema]*Schema

func (c compiler) compile(s *openapi3.Schema) (*Schema, error) {
	if known, ok := c[s]; ok {
		return known, nil
	}
	compiled := &Schema{}
	c[s] = compiled
	if kinds := s.Type.Slice(); len(kinds) == 1 {
		compiled.kind = kinds[0]
	} else if len(kinds) > 1 {
		return nil, fmt.Errorf("a schema with the types %s is not known", strings.Join(kinds, ", "))
	}
	if err := checkKeywords(compiled.kind, s); err != nil {
		return nil, err
	}
	var err error
	switch compiled.kind {
	case "object", "":
		err = c.object(compiled, s)
	case "array":
		err = c.array(compiled, s)
	case "string":
		err = compiled.text(s)
	case "integer":
		err = compiled.integer(s)
	}
	return compiled, err
}

func checkKeywords(kind string, s *openapi3.Schema) error {
	allowed, ok := keywords[kind]
	if !ok {
		return fmt.Errorf("a schema of the type %q is not known", kind)
	}
	content, err := json.Marshal(s)
	if err != nil {
		return err
	}
	var written map[string]any
	if err := json.Unmarshal(content, &written); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(written)) {
		if name != "type" && !strings.HasPrefix(name, "x-") && !slices.Contains(annotations, name) && !slices.Contains(allowed, name) {
			return fmt.Errorf("the keyword %s of a schema of the type %q is not known", name, kind)
		}
	}
	return nil
}

func (c compiler) object(to *Schema, s *openapi3.Schema) error {
	to.required, to.properties = s.Required, map[string]*Schema{}
	for name, property := range s.Properties {
		compiled, err := c.compile(property.Value)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		to.properties[name] = compiled
	}
	to.minMembers, to.maxMembers = int(s.MinProps), limit(s.MaxProps)
	if extra := s.AdditionalProperties.Schema; extra != nil {
		compiled, err := c.compile(extra.Value)
		if err != nil {
			return fmt.Errorf("additionalProperties: %w", err)
		}
		to.extra = compiled
	} else {
		to.open = s.AdditionalProperties.Has == nil || *s.AdditionalProperties.Has
	}
	return c.oneOf(to, s)
}

// oneOf compiles the alternatives of a schema. Alternatives that only require some of its properties become choices.
func (c compiler) oneOf(to *Schema, s *openapi3.Schema) error {
	for _, alternative := range s.OneOf {
		a := alternative.Value
		if a.Type == nil && len(a.Required) > 0 && to.kind == "object" {
			if err := checkKeywords("object", a); err != nil {
				return err
			}
			to.choices = append(to.choices, a.Required)
			continue
		}
		compiled, err := c.compile(a)
		if err != nil {
			return fmt.Errorf("oneOf: %w", err)
		}
		to.alternatives = append(to.alternatives, compiled)
	}
	switch {
	case to.kind == "" && len(to.alternatives) == 0:
		return errors.New("a schema has neither a type nor alternatives")
	case to.kind == "object" && len(to.alternatives) > 0 && (len(to.choices) > 0 || len(to.properties) > 0):
		return errors.New("a schema with properties may have alternatives that require some of them, and no others")
	}
	return nil
}

func (c compiler) array(to *Schema, s *openapi3.Schema) error {
	if s.Items == nil {
		return errors.New("an array has no items")
	}
	compiled, err := c.compile(s.Items.Value)
	if err != nil {
		return fmt.Errorf("items: %w", err)
	}
	to.items, to.minItems, to.maxItems = compiled, int(s.MinItems), limit(s.MaxItems)
	return nil
}

func (s *Schema) text(from *openapi3.Schema) error {
	s.minLength, s.maxLength = int(from.MinLength), limit(from.MaxLength)
	values := from.Enum
	if from.Const != nil {
		values = []any{from.Const}
	}
	for _, value := range values {
		text, ok := value.(string)
		if !ok {
			return fmt.Errorf("%v is no string", value)
		}
		s.enum = append(s.enum, text)
	}
	if from.Format != "" && from.Format != "date-time" {
		return fmt.Errorf("the format %s of a string is not known", from.Format)
	}
	s.isTime = from.Format == "date-time"
	if from.Pattern == "" {
		return nil
	}
	var err error
	s.pattern, err = regexp.Compile(from.Pattern)
	return err
}

func limit(n *uint64) *int {
	if n == nil {
		return nil
	}
	limit := int(*n)
	return &limit
}
