package edge

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"

	"souk/gateway/internal/api"
)

const (
	maxJSON  = 1 << 20
	maxCSV   = 20 << 20
	maxRaw   = 256 << 10
	maxDepth = 32
)

// anyMedia is the media type of a body that is passed on byte for byte, whatever it says it is.
const anyMedia = "*/*"

// checkBody refuses a body that the operation does not take, and leaves one that it does to be read again.
func (o *operation) checkBody(w http.ResponseWriter, r *http.Request) error {
	if o.mediaType == "" {
		return nil
	}
	if err := checkEncoding(r.Header); err != nil {
		return err
	}
	if o.mediaType == anyMedia {
		_, err := readBody(w, r, maxRaw)
		return err
	}
	if err := checkMediaType(r.Header.Get("Content-Type"), o.mediaType); err != nil {
		return err
	}
	if o.mediaType != "application/json" {
		r.Body = http.MaxBytesReader(w, r.Body, maxCSV)
		return nil
	}
	content, err := readBody(w, r, maxJSON)
	if err != nil {
		return err
	}
	return checkJSON(content, o.schema)
}

// readBody returns a request's body, of limit bytes at most, and leaves it to be read again.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	content, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return nil, err
		}
		return nil, invalidRequest("The body could not be read.")
	}
	r.Body = io.NopCloser(bytes.NewReader(content))
	return content, nil
}

// checkEncoding refuses a body that is compressed or encoded in another way, and says what is taken (RFC 9110, section 12.5.3).
func checkEncoding(header http.Header) error {
	for coding := range strings.SplitSeq(strings.Join(header.Values("Content-Encoding"), ","), ",") {
		if coding = strings.TrimSpace(coding); coding != "" && !strings.EqualFold(coding, "identity") {
			p := NewProblem(http.StatusUnsupportedMediaType, api.ProblemCodeUnsupportedMediaType, "The body must have no Content-Encoding.")
			p.Header = http.Header{"Accept-Encoding": {"identity"}}
			return p
		}
	}
	return nil
}

func checkMediaType(got, want string) error {
	mediaType, params, err := mime.ParseMediaType(got)
	charset := strings.ToLower(params["charset"])
	if err != nil || mediaType != want || charset != "" && charset != "utf-8" {
		return NewProblem(http.StatusUnsupportedMediaType, api.ProblemCodeUnsupportedMediaType, "The body must be "+want+".")
	}
	return nil
}

// checkJSON checks the syntax of a JSON text, and then what it says against schema.
func checkJSON(content []byte, schema *openapi3.Schema) error {
	if len(bytes.TrimSpace(content)) == 0 {
		return invalidRequest("A JSON body is required.")
	}
	if !utf8.Valid(content) {
		return invalidRequest("The body is not UTF-8.")
	}
	if err := scan(content); err != nil {
		return invalidRequest("The body is not valid JSON: " + err.Error() + ".")
	}
	// Numbers stay as they are written: 1e400 is no float64, and the schema names the field that it stands in.
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return invalidRequest("The body is not valid JSON.")
	}
	return checkSchema(schema, value)
}

// scan walks a JSON text and refuses what encoding/json lets pass: a name that stands twice in an object,
// text after the value, too many levels, and U+0000, which PostgreSQL cannot hold.
func scan(content []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	if err := scanValue(decoder, 0); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is text after the value")
	}
	return nil
}

func scanValue(decoder *json.Decoder, depth int) error {
	token, err := decoder.Token()
	if err != nil {
		return syntax(err)
	}
	switch t := token.(type) {
	case json.Delim:
		if depth == maxDepth {
			return fmt.Errorf("it nests deeper than %d levels", maxDepth)
		}
		if t == '{' {
			return scanObject(decoder, depth+1)
		}
		return scanArray(decoder, depth+1)
	case string:
		return checkString(t)
	}
	return nil
}

func scanObject(decoder *json.Decoder, depth int) error {
	seen := map[string]bool{}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return syntax(err)
		}
		name, _ := token.(string)
		if seen[name] {
			return fmt.Errorf("%q stands twice", name)
		}
		seen[name] = true
		if err := checkString(name); err != nil {
			return err
		}
		if err := scanValue(decoder, depth); err != nil {
			return err
		}
	}
	_, err := decoder.Token()
	return syntax(err)
}

func scanArray(decoder *json.Decoder, depth int) error {
	for decoder.More() {
		if err := scanValue(decoder, depth); err != nil {
			return err
		}
	}
	_, err := decoder.Token()
	return syntax(err)
}

func checkString(s string) error {
	if strings.ContainsRune(s, 0) {
		return errors.New("a string holds U+0000")
	}
	return nil
}

func syntax(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it ends too early")
	}
	return err
}
