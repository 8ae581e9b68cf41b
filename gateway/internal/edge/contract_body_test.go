package edge

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// jsonOperations returns the operations with a JSON body.
func jsonOperations(t *testing.T) []contractOperation {
	t.Helper()
	var found []contractOperation
	for _, op := range contract(t) {
		if mediaType, _ := op.body(); mediaType == "application/json" {
			found = append(found, op)
		}
	}
	if len(found) < 12 {
		t.Fatalf("only %d operations with a JSON body", len(found))
	}
	return found
}

func TestEveryOperationAcceptsValidBodies(t *testing.T) {
	t.Parallel()
	e := serveEdge(t)
	for _, op := range contract(t) {
		t.Run(op.id, func(t *testing.T) {
			t.Parallel()
			e.send(t, op.request(t, e)).mustPass(t)
			mediaType, schema := op.body()
			if mediaType != "application/json" {
				return
			}
			for _, form := range forms(schema) {
				if schema.MinProps == 0 {
					r := op.request(t, e)
					r.body = bytes.NewReader(encode(t, required(form)))
					e.send(t, r).mustPass(t)
				}
			}
			for _, contentType := range []string{"application/json; charset=utf-8", "Application/JSON;charset=UTF-8"} {
				r := op.request(t, e)
				r.header["Content-Type"] = contentType
				e.send(t, r).mustPass(t)
			}
			r := op.request(t, e)
			r.body = io.MultiReader(strings.NewReader(" \r\n\t"), bytes.NewReader(encode(t, full(schema))), strings.NewReader("\n"))
			e.send(t, r).mustPass(t)
		})
	}
}

// Code generators make a field with a default a required one in the types of a client. A new field would break existing clients then.
func TestNoFieldOfABodyHasADefault(t *testing.T) {
	t.Parallel()
	for _, op := range jsonOperations(t) {
		_, schema := op.body()
		mustHaveNoDefault(t, op.id, schema)
	}
}

func mustHaveNoDefault(t *testing.T, name string, s *openapi3.Schema) {
	t.Helper()
	if s.Default != nil {
		t.Errorf("%s has the default %v", name, s.Default)
	}
	for field, ref := range s.Properties {
		mustHaveNoDefault(t, name+"."+field, ref.Value)
	}
	for _, alternative := range s.OneOf {
		mustHaveNoDefault(t, name, alternative.Value)
	}
	if s.Items != nil {
		mustHaveNoDefault(t, name+"[]", s.Items.Value)
	}
}

func TestEveryFieldOfEveryBodyIsChecked(t *testing.T) {
	t.Parallel()
	e := serveEdge(t)
	for _, op := range jsonOperations(t) {
		t.Run(op.id, func(t *testing.T) {
			t.Parallel()
			_, schema := op.body()
			for _, c := range changes(t, schema) {
				t.Run(c.name, func(t *testing.T) {
					r := op.request(t, e)
					r.body = bytes.NewReader(encode(t, c.body))
					e.send(t, r).mustBe(t, c.status, c.code, c.field)
				})
			}
		})
	}
}

func TestABodyThatIsNotOneJSONValueIsRefused(t *testing.T) {
	t.Parallel()
	e := serveEdge(t)
	for _, op := range jsonOperations(t) {
		t.Run(op.id, func(t *testing.T) {
			t.Parallel()
			_, schema := op.body()
			for name, body := range brokenTexts(string(encode(t, full(schema)))) {
				t.Run(name, func(t *testing.T) {
					r := op.request(t, e)
					r.body = strings.NewReader(body)
					if body == "" && !op.RequestBody.Value.Required {
						e.send(t, r).mustPass(t)
						return
					}
					e.send(t, r).mustBe(t, http.StatusBadRequest, "invalid_request", "")
				})
			}
			t.Run("no body at all", func(t *testing.T) {
				r := op.request(t, e)
				r.body = nil
				if !op.RequestBody.Value.Required {
					delete(r.header, "Content-Type")
					e.send(t, r).mustPass(t)
					return
				}
				e.send(t, r).mustBe(t, http.StatusBadRequest, "invalid_request", "")
			})
		})
	}
}

// brokenTexts returns texts that are invalid variants of a JSON object.
func brokenTexts(valid string) map[string]string {
	member, _, _ := strings.Cut(valid[1:], `":`)
	name := member[1:]
	escaped := `"\u00` + hexOf(name[0]) + name[1:] + `":1,`
	return map[string]string{
		"empty":                   "",
		"white space":             " \n\t",
		"cut off":                 valid[:len(valid)-1],
		"cut off in a name":       `{"nam`,
		"no value":                `{"name":}`,
		"no colon":                `{"name" 1}`,
		"no comma":                `{"name":1 "other":2}`,
		"trailing comma":          valid[:len(valid)-1] + ",}",
		"single quotes":           `{'name':1}`,
		"bare name":               `{name:1}`,
		"comment":                 "/* */" + valid,
		"byte order mark":         "\ufeff" + valid,
		"NaN":                     `{"name":NaN}`,
		"leading zero":            `{"name":01}`,
		"raw newline in a string": "{\"name\":\"a\nb\"}",
		"mismatched brackets":     `{"name":[1}]`,
		"form":                    "name=value",
		"text after it":           valid + " x",
		"bracket after it":        valid + "}",
		"twice":                   valid + valid,
		"field twice":             `{"` + name + `":1,` + valid[1:],
		"field twice, escaped":    `{` + escaped + valid[1:],
		"field twice, inside":     `{"x":[{"a":{"b":1,"b":1}}],` + valid[1:],
		"nested too deep":         `{"x":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + "," + valid[1:],
		"nested far too deep":     strings.Repeat("[", 500_000),
		"objects too deep":        strings.Repeat(`{"x":`, 33) + "1" + strings.Repeat("}", 33),
		"not UTF-8":               "{\"name\":\"\xff\"," + valid[1:],
		"name not UTF-8":          "{\"\xc3\x28\":1," + valid[1:],
		"surrogate as UTF-8":      "{\"name\":\"\xed\xa0\x80\"}",
		"U+0000":                  `{"name":"a\u0000b",` + valid[1:],
		"U+0000 in a name":        `{"a\u0000b":1,` + valid[1:],
		"raw zero byte":           "{\"name\":\"a\x00b\"}",
		"U+0000 in an array":      `{"x":["\u0000"],` + valid[1:],
	}
}

func hexOf(b byte) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[b>>4], digits[b&15]})
}

func TestABodyOfAnotherMediaTypeIsRefused(t *testing.T) {
	t.Parallel()
	e := serveEdge(t)
	for _, op := range contract(t) {
		mediaType, _ := op.body()
		if mediaType == "" || mediaType == anyMedia {
			continue
		}
		t.Run(op.id, func(t *testing.T) {
			t.Parallel()
			for _, contentType := range []string{
				"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx",
				"application/problem+json", "*/*", ";;;", mediaType + "; charset=koi8-r", mediaType + "; charset=utf-8; charset=utf-16",
			} {
				if contentType == mediaType {
					continue
				}
				t.Run(contentType, func(t *testing.T) {
					r := op.request(t, e)
					r.header["Content-Type"] = contentType
					if contentType == "" {
						delete(r.header, "Content-Type")
					}
					e.send(t, r).mustBe(t, http.StatusUnsupportedMediaType, "unsupported_media_type", "")
				})
			}
		})
	}
}

func TestOnlyACSVFileMayHaveAnotherCharset(t *testing.T) {
	t.Parallel()
	for _, charset := range []string{"utf-8", "utf-16", "Windows-1252", "ISO-8859-1"} {
		if err := checkMediaType("text/csv; charset="+charset, "text/csv", csvCharsets...); err != nil {
			t.Errorf("%s: %v", charset, err)
		}
	}
	if err := checkMediaType("application/json; charset=utf-16", jsonMedia, "utf-8"); err == nil {
		t.Error("JSON in UTF-16 is accepted")
	}
}

func TestAnEncodedBodyIsRefused(t *testing.T) {
	t.Parallel()
	e := serveEdge(t)
	for _, op := range contract(t) {
		if mediaType, _ := op.body(); mediaType == "" {
			continue
		}
		t.Run(op.id, func(t *testing.T) {
			t.Parallel()
			for _, coding := range []string{"gzip", "br", "GZIP", "x-gzip", "aes128gcm", "identity, gzip", "gzip, identity"} {
				r := op.request(t, e)
				r.header["Content-Encoding"] = coding
				answer := e.send(t, r)
				answer.mustBe(t, http.StatusUnsupportedMediaType, "unsupported_media_type", "")
				if got := answer.header.Get("Accept-Encoding"); got != "identity" {
					t.Errorf("%s: Accept-Encoding %q", coding, got)
				}
			}
			for _, coding := range []string{"identity", "Identity", "", "identity, identity"} {
				r := op.request(t, e)
				r.header["Content-Encoding"] = coding
				e.send(t, r).mustPass(t)
			}
		})
	}
}

func TestABodyThatIsTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	e := serveEdge(t)
	large := bytes.Repeat([]byte(" "), 2<<20)
	for _, op := range jsonOperations(t) {
		t.Run(op.id, func(t *testing.T) {
			t.Parallel()
			_, schema := op.body()
			body := append(encode(t, full(schema)), large...)
			for name, reader := range map[string]io.Reader{
				"with its length": bytes.NewReader(body),
				// http.NewRequest does not know the length of this reader, so the body is sent in chunks.
				"in chunks": io.MultiReader(bytes.NewReader(body)),
			} {
				t.Run(name, func(t *testing.T) {
					r := op.request(t, e)
					r.body = reader
					e.send(t, r).mustBe(t, http.StatusRequestEntityTooLarge, "payload_too_large", "")
				})
			}
			t.Run("just not", func(t *testing.T) {
				r := op.request(t, e)
				r.body = bytes.NewReader(body[:1<<20])
				e.send(t, r).mustPass(t)
			})
		})
	}
}
