package edge

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"souk/gateway/internal/api"
	"souk/gateway/internal/schema"
	"souk/platform/field"
)

const (
	maxJSON = 1 << 20
	maxCSV  = 20 << 20
	maxRaw  = 256 << 10
)

const jsonMedia = "application/json"

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
	if o.mediaType != jsonMedia {
		r.Body = http.MaxBytesReader(w, r.Body, maxCSV)
		return nil
	}
	content, err := readBody(w, r, maxJSON)
	if err != nil {
		return err
	}
	checked, err := checkJSON(r.Context(), content, o.schema)
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(checked))
	return nil
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

// checkJSON checks a body, and returns it as the generated decoder understands it.
func checkJSON(ctx context.Context, content []byte, s *schema.Schema) ([]byte, error) {
	if len(bytes.TrimSpace(content)) == 0 {
		return nil, invalidRequest("A JSON body is required.")
	}
	if !utf8.Valid(content) {
		return nil, invalidRequest("The body is not UTF-8.")
	}
	checked, err := s.Check(ctx, content)
	var malformed *schema.SyntaxError
	var unknown *schema.UnknownFieldError
	var invalid *field.Error
	switch {
	case errors.As(err, &malformed):
		return nil, invalidRequest("The body is not valid JSON: " + malformed.Reason + ".")
	case errors.As(err, &unknown):
		return nil, invalidRequest("Unknown field " + unknown.Field + ".")
	case errors.As(err, &invalid):
		return nil, InvalidFields(invalid.Violations...)
	}
	return checked, err
}
