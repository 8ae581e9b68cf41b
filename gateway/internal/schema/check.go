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
	// MaxViolations are the most that are found in one body.
	MaxViolations = 50
	maxDepth      = 32
	// How many tokens are read between two looks at the context.
	breath = 1024
	// The most characters of a name that an error says again.
	maxName = 100
)

// SyntaxError says why a text is no JSON, or none that we take.
type SyntaxError struct{ Reason string }

func (e *SyntaxError) Error() string { return e.Reason }

// UnknownFieldError is about a field that the schema does not have.
type UnknownFieldError struct{ Field string }

func (e *UnknownFieldError) Error() string { return "unknown field " + e.Field }

// Check checks a JSON text, in one pass, and returns it as every decoder understands it: integers without a fraction or an
// exponent. The error is a *SyntaxError, an *UnknownFieldError, a *field.Error with at most MaxViolations, or ctx's.
//
// It refuses what encoding/json lets pass: a name that stands twice in an object, text after the value, more than 32 levels,
// halves of surrogate pairs, and U+0000, which PostgreSQL cannot hold.
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

// visitor walks through a text beside a schema.
type visitor struct {
	ctx     context.Context
	content []byte
	decoder *jsontext.Decoder
	path    []step
	// depth is how deep in the body the text stands.
	depth  int
	tokens int

	unknown    *UnknownFieldError
	violations []field.Violation
	edits      []edit
}

// step leads from a value to one that stands in it: by its name, or by its index where there is no name.
type step struct {
	name  []byte
	index int
}

// edit is another spelling of what stands between two offsets.
type edit struct {
	from, to int
	text     string
}

func newVisitor(ctx context.Context, content []byte) *visitor {
	// A *bytes.Buffer is read without being copied.
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

// token reads a token, of which there may be many.
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

// skip reads a value that nothing more is asked of.
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

// array checks the length before the items: once there are too many, nothing else is said of them.
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

// end checks that nothing stands after the value.
func (v *visitor) end() error {
	if _, err := v.decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return errors.New("there is text after the value")
	}
	return nil
}

// violate records what is wrong with the value at the path, unless it is "".
func (v *visitor) violate(message string) {
	if message != "" && len(v.violations) < MaxViolations {
		v.violations = append(v.violations, field.Violation{Field: cmp.Or(v.dotted(), "body"), Message: message})
	}
}

// dotted writes the path as clients write fields: variants[0].sku.
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

// edited returns the text with its edits.
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

// syntax returns what an error of the decoder says to a client, without any more of the body than it needs.
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
