package edge

import (
	"bytes"
	"context"
	"errors"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"souk/gateway/internal/api"
	"souk/gateway/internal/schema"
	"souk/platform/admission"
	"souk/platform/field"
)

// The most bytes of a body, by its media type. maxRaw is for bodies that are passed on unchanged, such as webhooks.
const (
	maxJSON = 1 << 20
	maxCSV  = 100 << 20
	maxRaw  = 256 << 10
	maxForm = 16 << 10
)

const jsonMedia = "application/json"

// anyMedia is the media type of bodies that are passed on unchanged, whatever their Content-Type.
const anyMedia = "*/*"

// readBody checks the body, and replaces r.Body so that the handler can read it again. The caller must release the returned
// body, if it is not nil.
func (rt *Router) readBody(op *operation, w http.ResponseWriter, r *http.Request) (*body, error) {
	if op.mediaType == "" || op.bodyOptional && r.ContentLength == 0 {
		return nil, nil
	}
	if err := checkEncoding(r.Header); err != nil {
		return nil, err
	}
	switch op.mediaType {
	case anyMedia:
		return rt.replaceBody(op, w, r, maxRaw)
	case jsonMedia:
		return rt.readJSON(op, w, r)
	case formMedia:
		return rt.readForm(op, w, r)
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxCSV)
	return nil, checkMediaType(r.Header.Get("Content-Type"), op.mediaType, csvCharsets...)
}

func (rt *Router) readJSON(op *operation, w http.ResponseWriter, r *http.Request) (*body, error) {
	if err := checkMediaType(r.Header.Get("Content-Type"), op.mediaType, "utf-8"); err != nil {
		return nil, err
	}
	held, err := rt.replaceBody(op, w, r, maxJSON)
	if err != nil {
		return nil, err
	}
	if op.bodyOptional && len(held.content) == 0 {
		return held, nil
	}
	checked, err := checkJSON(r.Context(), held.content, op.schema)
	if err != nil {
		held.release()
		return nil, err
	}
	held.keep(compact(checked))
	return held, nil
}

// compact removes white space from a long body, so that it takes less memory while the request waits for a place.
func compact(content []byte) []byte {
	if value := jsontext.Value(content); len(content) > pageBytes && value.Compact() == nil {
		return value
	}
	return content
}

// replaceBody reads a body of at most limit bytes, and replaces r.Body with it.
func (rt *Router) replaceBody(op *operation, w http.ResponseWriter, r *http.Request, limit int) (*body, error) {
	held, err := rt.room.read(w, r, limit)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, errNoRoom):
		admission.Refused(op.Class)
		return nil, Unavailable("The shop is very busy.")
	case errors.As(err, &tooLarge):
		return nil, err
	case err != nil:
		return nil, invalidRequest("The body could not be read.")
	}
	r.Body = held
	return held, nil
}

// checkEncoding refuses compressed or otherwise encoded bodies. Its error tells the client what is accepted (RFC 9110, section
// 12.5.3).
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

// csvCharsets are the encodings of CSV files that catalog can tell apart by itself.
var csvCharsets = []string{"utf-8", "utf-16", "utf-16le", "utf-16be", "windows-1252", "iso-8859-1", "us-ascii"}

// checkMediaType checks a Content-Type. A charset may be missing.
func checkMediaType(got, want string, charsets ...string) error {
	mediaType, params, err := mime.ParseMediaType(got)
	if err != nil || mediaType != want {
		return NewProblem(http.StatusUnsupportedMediaType, api.ProblemCodeUnsupportedMediaType, "The body must be "+want+".")
	}
	if charset := strings.ToLower(params["charset"]); charset != "" && !slices.Contains(charsets, charset) {
		return NewProblem(http.StatusUnsupportedMediaType, api.ProblemCodeUnsupportedMediaType,
			"The charset must be one of "+strings.Join(charsets, ", ")+".")
	}
	return nil
}

// checkJSON checks a body and returns it in the form that the generated decoder understands.
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
