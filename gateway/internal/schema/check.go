package schema

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"souk/platform/field"
)

const (
	// MaxViolations is the maximum number of violations reported for one body.
	MaxViolations = 50
	maxDepth      = 32
	// The context is checked once per this many tokens.
	breath = 1024
	// The maximum length of a field name in an error, in characters.
	maxName = 100
)

// SyntaxError is returned for text that is not JSON, or that this package does not accept.
type SyntaxError struct{ Reason string }

func (e *SyntaxError) Error() string { return e.Reason }

// UnknownFieldError names a field that the schema does not have.
type UnknownFieldError struct{ Field string }

func (e *UnknownFieldError) Error() string { return "unknown field " + e.Field }

// Check checks a JSON text in one pass. It returns the text in a form that every decoder understands: integers have no fraction
// or exponent. The error is a *SyntaxError, an *UnknownFieldError, a *field.Error with at most MaxViolations, or ctx's error.
//
// It refuses some texts that encoding/json accepts: duplicate names in an object, text after the value, more than 32 levels of
// nesting, unpaired surrogates, and U+0000, which PostgreSQL cannot store.
func (s *Schema) Check(ctx context.Context, content []byte) ([]byte, error) {
	v := newVisitor(ctx, content)
	err := v.value(s)
	if err == nil {
		err = v.end()
	}
	switch {
	case err != nil:
		return nil, syntax(err)
	case v.unknown != nil:
		return nil, v.unknown
	case len(v.violations) > 0:
		return nil, &field.Error{Violations: v.violations}
	}
	return v.edited(), nil
}

// visitor walks through a JSON text and a schema in parallel.
type visitor struct {
	ctx     context.Context
	content []byte
	decoder *jsontext.Decoder
	path    []step
	// depth is the nesting depth of the text within the body.
	depth  int
	tokens int

	unknown    *UnknownFieldError
	violations []field.Violation
	edits      []edit
}

// step leads from a value to a value inside it: by name in an object, by index in an array.
type step struct {
	name  []byte
	index int
}

// edit replaces the text between two offsets.
type edit struct {
	from, to int
	text     string
}

func newVisitor(ctx context.Context, content []byte) *visitor {
	// The decoder reads a *bytes.Buffer without copying it.
	return &visitor{ctx: ctx, content: content, decoder: jsontext.NewDecoder(bytes.NewBuffer(content))}
}

func (v *visitor) value(s *Schema) error {
	kind := v.decoder.PeekKind()
	switch {
	case len(s.alternatives) > 0:
		return v.oneOf(s)
	case s.kind == "object" && kind == '{':
		return v.object(s)
	case s.kind == "array" && kind == '[':
		return v.array(s)
	case s.kind == "string" && kind == '"':
		return v.text(s)
	case s.kind == "integer" && kind == '0':
		return v.integer(s)
	case s.kind == "boolean" && (kind == 't' || kind == 'f'):
		return v.skip()
	}
	v.violate(s.wrongKind())
	return v.skip()
}

// token reads a token and checks the context from time to time.
func (v *visitor) token() error {
	if v.tokens++; v.tokens%breath == 0 && v.ctx.Err() != nil {
		return v.ctx.Err()
	}
	if _, err := v.decoder.ReadToken(); err != nil {
		return err
	}
	if v.depth+v.decoder.StackDepth() > maxDepth {
		return fmt.Errorf("it nests deeper than %d levels", maxDepth)
	}
	return nil
}

// skip reads a value without checking it.
func (v *visitor) skip() error {
	depth := v.decoder.StackDepth()
	for {
		if err := v.token(); err != nil {
			return err
		}
		if v.decoder.StackDepth() <= depth {
			return nil
		}
	}
}

// array checks the length first. If there are too many items, no other violations of the array are reported.
func (v *visitor) array(s *Schema) error {
	if err := v.token(); err != nil {
		return err
	}
	before, count := len(v.violations), 0
	for ; v.decoder.PeekKind() != ']'; count++ {
		if s.maxItems != nil && count >= *s.maxItems {
			if err := v.skip(); err != nil {
				return err
			}
			continue
		}
		v.path = append(v.path, step{index: count})
		if err := v.value(s.items); err != nil {
			return err
		}
		v.path = v.path[:len(v.path)-1]
	}
	if count < s.minItems {
		v.violate("must have at least " + plural(s.minItems, "item"))
	}
	if s.maxItems != nil && count > *s.maxItems {
		v.violations = v.violations[:before]
		v.violate("must have at most " + plural(*s.maxItems, "item"))
	}
	return v.token()
}

func (v *visitor) text(s *Schema) error {
	text, err := v.readString()
	if err != nil {
		return err
	}
	v.violate(s.checkText(text))
	return nil
}

// readString reads a string or a name.
func (v *visitor) readString() ([]byte, error) {
	quoted, err := v.decoder.ReadValue()
	if err != nil {
		return nil, err
	}
	text := []byte(quoted[1 : len(quoted)-1])
	if bytes.IndexByte(text, '\\') >= 0 {
		if text, err = jsontext.AppendUnquote(nil, quoted); err != nil {
			return nil, err
		}
	}
	if bytes.IndexByte(text, 0) >= 0 {
		return nil, errors.New("a string holds U+0000")
	}
	return text, nil
}

func (v *visitor) integer(s *Schema) error {
	literal, err := v.decoder.ReadValue()
	if err != nil {
		return err
	}
	value, fits, integer := integerOf(literal)
	if !integer {
		v.violate(s.wrongKind())
		return nil
	}
	v.violate(s.checkInteger(value, fits))
	if !isPlain(literal) {
		end := int(v.decoder.InputOffset())
		v.edits = append(v.edits, edit{from: end - len(literal), to: end, text: strconv.FormatInt(value, 10)})
	}
	return nil
}

// end checks that no text follows the value.
func (v *visitor) end() error {
	if _, err := v.decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return errors.New("there is text after the value")
	}
	return nil
}

// violate records a violation of the value at the current path, unless message is "".
func (v *visitor) violate(message string) {
	if message != "" && len(v.violations) < MaxViolations {
		v.violations = append(v.violations, field.Violation{Field: cmp.Or(v.dotted(), "body"), Message: message})
	}
}

// dotted returns the current path in the form clients write it: variants[0].sku.
func (v *visitor) dotted() string {
	var path strings.Builder
	for i, s := range v.path {
		switch {
		case s.name == nil:
			fmt.Fprintf(&path, "[%d]", s.index)
			continue
		case i > 0:
			path.WriteByte('.')
		}
		path.WriteString(cut(string(s.name)))
	}
	return path.String()
}

// edited returns the text with all edits applied.
func (v *visitor) edited() []byte {
	if len(v.edits) == 0 {
		return v.content
	}
	slices.SortFunc(v.edits, func(a, b edit) int { return a.from - b.from })
	edited, last := make([]byte, 0, len(v.content)), 0
	for _, e := range v.edits {
		edited = append(append(edited, v.content[last:e.from]...), e.text...)
		last = e.to
	}
	return append(edited, v.content[last:]...)
}

// syntax converts an error of the decoder to one for clients, which quotes as little of the body as possible.
func syntax(err error) error {
	var at *jsontext.SyntacticError
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, jsontext.ErrDuplicateName) && errors.As(err, &at):
		return &SyntaxError{Reason: strconv.Quote(cut(at.JSONPointer.LastToken())) + " stands twice"}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &SyntaxError{Reason: "it ends too early"}
	case errors.As(err, &at) && at.Err != nil:
		return &SyntaxError{Reason: cut(at.Err.Error())}
	default:
		return &SyntaxError{Reason: cut(err.Error())}
	}
}

func cut(text string) string {
	characters := 0
	for i := range text {
		if characters++; characters > maxName {
			return text[:i] + "…"
		}
	}
	return text
}
