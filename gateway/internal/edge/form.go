package edge

import (
	"encoding/json"
	"net/http"
	"net/url"
	"unicode/utf8"

	"souk/platform/field"
)

// formMedia is the media type of the forms of OAuth (RFC 6749, appendix B).
const formMedia = "application/x-www-form-urlencoded"

// readForm checks a form against the schema of its operation. As RFC 6749 (section 3.2) says, parameters that are not known are ignored,
// those without a value are left out, and none may come twice.
func (rt *Router) readForm(op *operation, w http.ResponseWriter, r *http.Request) (*body, error) {
	if err := checkMediaType(r.Header.Get("Content-Type"), op.mediaType); err != nil {
		return nil, err
	}
	held, err := rt.replaceBody(op, w, r, maxForm)
	if err != nil {
		return nil, err
	}
	form, err := parseForm(held.content)
	if err == nil {
		encoded, _ := json.Marshal(form) // texts can always be encoded
		_, err = checkJSON(r.Context(), encoded, op.schema)
	}
	if err != nil {
		held.release()
		return nil, err
	}
	return held, nil
}

func parseForm(content []byte) (map[string]string, error) {
	values, err := url.ParseQuery(string(content))
	if err != nil {
		return nil, invalidRequest("The body is not a form.")
	}
	form := map[string]string{}
	for name, given := range values {
		switch {
		case len(given) > 1:
			return nil, InvalidFields(field.Violation{Field: name, Message: "must not come twice"})
		case !utf8.ValidString(name) || !utf8.ValidString(given[0]):
			return nil, invalidRequest("The body is not UTF-8.")
		case given[0] != "":
			form[name] = given[0]
		}
	}
	return form, nil
}
