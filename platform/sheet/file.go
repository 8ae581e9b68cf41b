package sheet

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

const (
	// A reader of a file has at least so much text after the beginning of a row, so that no row may be longer.
	ahead = 1 << 20
	// How much more it reads at once.
	portion = 1 << 20
)

// Detect returns the encoding of a file, as Decode finds it, and how many bytes of a byte order mark are at its beginning. It reads only a
// part of the file at a time.
func Detect(file io.Reader) (encoding Encoding, mark int, err error) {
	r := bufio.NewReaderSize(file, 64<<10)
	start, err := r.Peek(64)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", 0, err
	}
	if bytes.HasPrefix(start, []byte("\uFEFF")) {
		return UTF8, len("\uFEFF"), nil
	}
	if _, ok := utf16Order(start); ok {
		return UTF16, 0, nil
	}
	foreign, undefined := false, false
	for {
		c, size, err := r.ReadRune()
		switch {
		case errors.Is(err, io.EOF) && !foreign:
			return UTF8, 0, nil
		case errors.Is(err, io.EOF) && undefined:
			return "", 0, ErrEncoding
		case errors.Is(err, io.EOF):
			return Windows1252, 0, nil
		case err != nil:
			return "", 0, err
		case c == utf8.RuneError && size == 1:
			foreign = true
			if err := r.UnreadRune(); err != nil {
				return "", 0, err
			}
			b, err := r.ReadByte()
			if err != nil {
				return "", 0, err
			}
			undefined = undefined || hasUndefined([]byte{b})
		case size > 1:
			return UTF8, 0, nil
		}
	}
}

// Decoded returns the text of a file that is not UTF-8.
func Decoded(file io.Reader, encoding Encoding) (io.Reader, error) {
	if encoding == Windows1252 {
		return charmap.Windows1252.NewDecoder().Reader(file), nil
	}
	r := bufio.NewReader(file)
	start, err := r.Peek(64)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	order, _ := utf16Order(start)
	return unicode.UTF16(order, unicode.UseBOM).NewDecoder().Reader(r), nil
}

// NewFileReader is NewReader for a text of any length, in UTF-8 without a byte order mark. It holds a part of it at a time: cells of a row
// are to be copied if they are kept.
func NewFileReader(source io.Reader, known func(header []string) int) (*Reader, error) {
	return newReader(&Reader{source: source, line: 1}, known)
}

// Parse returns the cells of a row whose text Next has found.
func (r *Reader) Parse(text string) []string {
	one := Reader{text: text, separator: r.separator, carriage: r.carriage}
	cells, _, _ := one.scan(0, false)
	return cells
}

// more reports whether there is more text.
func (r *Reader) more() bool {
	r.fill()
	return r.pos < len(r.text)
}

// fill reads more of the source if little text is left.
func (r *Reader) fill() {
	rest := r.text[r.pos:]
	if r.over || len(rest) >= ahead {
		return
	}
	var text strings.Builder
	text.Grow(len(rest) + portion)
	text.WriteString(rest)
	if _, err := io.CopyN(&text, r.source, portion); err != nil {
		r.over = true
		if !errors.Is(err, io.EOF) {
			r.failure = err
		}
	}
	r.base += r.pos
	r.text, r.pos = text.String(), 0
}
