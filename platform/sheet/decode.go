package sheet

import (
	"bytes"
	"errors"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// Encoding is how a file writes its letters.
type Encoding string

// The encodings that Decode reads.
const (
	UTF8        Encoding = "UTF-8"
	UTF16       Encoding = "UTF-16"
	Windows1252 Encoding = "Windows-1252"
)

// ErrEncoding is returned for a file in none of the encodings.
var ErrEncoding = errors.New("must be UTF-8, UTF-16 or Windows-1252 text")

// Decode returns the text of a file. A file that starts with a byte order mark is in the encoding of that. Otherwise, it is UTF-16 if
// every other byte at its beginning is zero, and Windows-1252 if it has bytes outside ASCII that are nowhere UTF-8. Single bytes that
// are not UTF-8 in a UTF-8 file stay in the text.
func Decode(content []byte) (string, Encoding, error) {
	if text, ok := bytes.CutPrefix(content, []byte("\uFEFF")); ok {
		return string(text), UTF8, nil
	}
	if order, ok := utf16Order(content); ok {
		return decode(content, UTF16, unicode.UTF16(order, unicode.UseBOM))
	}
	if utf8.Valid(content) || hasUTF8(content) {
		return string(content), UTF8, nil
	}
	if hasUndefined(content) {
		return "", "", ErrEncoding
	}
	return decode(content, Windows1252, charmap.Windows1252)
}

func decode(content []byte, name Encoding, from encoding.Encoding) (string, Encoding, error) {
	text, err := from.NewDecoder().Bytes(content)
	if err != nil {
		return "", "", ErrEncoding
	}
	return string(text), name, nil
}

// utf16Order returns the byte order of UTF-16 text, and false for other text.
func utf16Order(content []byte) (unicode.Endianness, bool) {
	switch {
	case bytes.HasPrefix(content, []byte{0xff, 0xfe}):
		return unicode.LittleEndian, true
	case bytes.HasPrefix(content, []byte{0xfe, 0xff}):
		return unicode.BigEndian, true
	}
	var zeros [2]int
	start := content[:min(len(content), 64)]
	for i, b := range start {
		if b == 0 {
			zeros[i%2]++
		}
	}
	const most = 4 // of 32 characters, this many may have no zero byte
	half := len(start) / 2
	switch {
	case half > most && zeros[0] == 0 && zeros[1] >= half-most:
		return unicode.LittleEndian, true
	case half > most && zeros[1] == 0 && zeros[0] >= half-most:
		return unicode.BigEndian, true
	}
	return unicode.LittleEndian, false
}

// hasUTF8 reports whether content has a character of several bytes in UTF-8.
func hasUTF8(content []byte) bool {
	for len(content) > 0 {
		r, size := utf8.DecodeRune(content)
		if r != utf8.RuneError && size > 1 {
			return true
		}
		content = content[size:]
	}
	return false
}

// hasUndefined reports whether content has a byte for which Windows-1252 has no character.
func hasUndefined(content []byte) bool {
	for _, b := range []byte{0x81, 0x8d, 0x8f, 0x90, 0x9d} {
		if bytes.IndexByte(content, b) >= 0 {
			return true
		}
	}
	return false
}
