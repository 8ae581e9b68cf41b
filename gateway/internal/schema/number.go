package schema

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

func (s *Schema) integer(from *openapi3.Schema) error {
	switch from.Format {
	case "int32":
		s.least, s.most = math.MinInt32, math.MaxInt32
	case "int64", "":
		s.least, s.most = math.MinInt64, math.MaxInt64
	default:
		return fmt.Errorf("the format %s of an integer is not known", from.Format)
	}
	s.minimum, s.maximum = bound(from.Min), bound(from.Max)
	return nil
}

func bound(n *float64) *int64 {
	if n == nil {
		return nil
	}
	bound := int64(*n)
	return &bound
}

// The number of decimal digits of the largest int64.
const maxDigits = 19

// integerOf returns the value of a JSON number if it is an integer as JSON Schema defines it: 2.0 and 20e-1 are 2. Its cost is
// linear in the length of the literal, however large the exponent is. If the integer does not fit into an int64, value is the
// nearest int64 and fits is false.
func integerOf(literal []byte) (value int64, fits, integer bool) {
	unsigned, negative := bytes.CutPrefix(literal, []byte("-"))
	mantissa, exponent := unsigned, 0
	if e := bytes.IndexAny(unsigned, "eE"); e >= 0 {
		mantissa, exponent = unsigned[:e], exponentOf(unsigned[e+1:])
	}
	whole, fraction, _ := bytes.Cut(mantissa, []byte("."))
	digits := strings.TrimLeft(string(whole)+string(fraction), "0")
	exponent -= len(fraction)
	shorter := strings.TrimRight(digits, "0")
	exponent += len(digits) - len(shorter)
	switch {
	case shorter == "":
		return 0, true, true
	case exponent < 0:
		return 0, false, false
	case len(shorter)+exponent > maxDigits:
		return furthest(negative), false, true
	}
	text := shorter + strings.Repeat("0", exponent)
	if negative {
		text = "-" + text
	}
	value, err := strconv.ParseInt(text, 10, 64) // returns the nearest int64 on overflow
	return value, err == nil, true
}

// exponentOf returns the exponent. If its absolute value exceeds the length of any body, it returns some other value that does
// too.
func exponentOf(text []byte) int {
	const far = 1 << 40
	exponent, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil && text[0] == '-' {
		return -far
	}
	if err != nil {
		return far
	}
	return int(min(max(exponent, -far), far))
}

func furthest(negative bool) int64 {
	if negative {
		return math.MinInt64
	}
	return math.MaxInt64
}

// checkInteger returns the violation of an integer, or "".
func (s *Schema) checkInteger(value int64, fits bool) string {
	switch {
	case s.minimum != nil && (value < *s.minimum || !fits && value < 0):
		return "must be at least " + strconv.FormatInt(*s.minimum, 10)
	case s.maximum != nil && (value > *s.maximum || !fits && value > 0):
		return "must be at most " + strconv.FormatInt(*s.maximum, 10)
	case !fits || value < s.least || value > s.most:
		return "is out of range"
	default:
		return ""
	}
}

// isPlain reports whether a literal consists of digits only, so that every decoder reads it as an integer.
func isPlain(literal []byte) bool {
	return !bytes.ContainsAny(literal, ".eE")
}
