package edge

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

func TestEveryQueryParameterIsChecked(t *testing.T) {
	t.Parallel()
	e := serveEdge(t)
	checked := 0
	for _, op := range contract(t) {
		for _, ref := range op.Parameters {
			p := ref.Value
			if p.In != openapi3.ParameterInQuery {
				continue
			}
			checked++
			t.Run(op.id+"/"+p.Name, func(t *testing.T) {
				t.Parallel()
				for _, query := range badQueries(p) {
					t.Run(query, func(t *testing.T) {
						r := op.request(t, e)
						r.path += "?" + query
						e.send(t, r).mustBe(t, http.StatusUnprocessableEntity, "validation_failed", p.Name)
					})
				}
				for _, query := range goodQueries(p) {
					t.Run(query, func(t *testing.T) {
						r := op.request(t, e)
						r.path += "?" + query
						e.send(t, r).mustPass(t)
					})
				}
			})
		}
	}
	if checked < 16 {
		t.Errorf("only %d query parameters", checked)
	}
}

// badQueries returns queries that violate the limits of a parameter.
func badQueries(p *openapi3.Parameter) []string {
	schema := p.Schema.Value
	var queries []string
	if schema.Type.Is("array") { // may be given several times
		schema = schema.Items.Value
	} else {
		good := url.QueryEscape(good(schema))
		queries = append(queries, p.Name+"="+good+"&"+p.Name+"="+good)
	}
	add := func(values ...string) {
		for _, v := range values {
			queries = append(queries, p.Name+"="+url.QueryEscape(v))
		}
	}
	switch {
	case schema.Type.Is("integer"):
		add("", " ", "abc", "1.5", "1e2", "0x10", "1_0", "1,2", "null", "true", "99999999999999999999", "9223372036854775808", "1e400")
		queries = append(queries, p.Name)
	case schema.Type.Is("boolean"):
		add("", "yes", "2", "null", "truetrue", "tru")
	case schema.Format == "date-time":
		add("", "now", "2026-09-01", "2026-02-30T10:00:00Z", "2026-09-01T10:00:00")
	case len(schema.Enum) > 0:
		add("", "no_such_value", strings.ToUpper(schema.Enum[0].(string)), schema.Enum[0].(string)+",", " "+schema.Enum[0].(string))
	}
	if schema.Min != nil {
		add(strconv.FormatFloat(*schema.Min-1, 'f', -1, 64), "-9223372036854775808")
	}
	if schema.Max != nil {
		add(strconv.FormatFloat(*schema.Max+1, 'f', -1, 64), "2147483648")
	}
	if schema.MaxLength != nil {
		add(strings.Repeat("é", int(*schema.MaxLength)+1))
	}
	return queries
}

func good(s *openapi3.Schema) string {
	switch {
	case s.Type.Is("integer"):
		return "1"
	case s.Type.Is("boolean"):
		return "true"
	case s.Format == "date-time":
		return "2026-09-01T10:00:00Z"
	default:
		return fullString(s)
	}
}

// goodQueries returns queries at the limits of a parameter.
func goodQueries(p *openapi3.Parameter) []string {
	s := p.Schema.Value
	var repeated []string
	if s.Type.Is("array") {
		s = s.Items.Value
		repeated = []string{p.Name + "=" + url.QueryEscape(good(s)) + "&" + p.Name + "=" + url.QueryEscape(good(s))}
	}
	queries := []string{"", p.Name + "=" + good(s), p.Name + "=" + url.QueryEscape(good(s)) + "&"}
	if s.Min != nil {
		queries = append(queries, p.Name+"="+strconv.FormatFloat(*s.Min, 'f', -1, 64))
	}
	if s.Max != nil {
		queries = append(queries, p.Name+"="+strconv.FormatFloat(*s.Max, 'f', -1, 64))
	}
	if s.Type.Is("integer") && s.Format == "int64" && s.Max == nil {
		queries = append(queries, p.Name+"=9223372036854775807")
	}
	if s.Type.Is("boolean") {
		queries = append(queries, p.Name+"=false")
	}
	if s.MaxLength != nil {
		queries = append(queries, p.Name+"="+url.QueryEscape(strings.Repeat("é", int(*s.MaxLength))))
	}
	if s.Type.Is("string") && len(s.Enum) == 0 && s.Format == "" {
		queries = append(queries, p.Name+"=", p.Name+"="+url.QueryEscape(`a, b;c&d=e "%" \ + '`), p.Name+"=%F0%9F%98%80")
	}
	for _, v := range s.Enum {
		queries = append(queries, p.Name+"="+v.(string))
	}
	return append(queries, repeated...)
}

func TestAQueryThatIsNotUTF8IsRefused(t *testing.T) {
	t.Parallel()
	e := serveEdge(t)
	for _, op := range contract(t) {
		t.Run(op.id, func(t *testing.T) {
			t.Parallel()
			for _, query := range []string{"q=%ff", "q=%00", "%ff=1", "a%00=1", "q=%zz", "q=%", "a=1;b=2", "q=%ed%a0%80", "limit=1&x=%c3("} {
				t.Run(query, func(t *testing.T) {
					r := op.request(t, e)
					r.path += "?" + query
					e.send(t, r).mustBe(t, http.StatusBadRequest, "invalid_request", "")
				})
			}
		})
	}
}

func TestAPathThatIsNotUTF8IsNotFound(t *testing.T) {
	t.Parallel()
	e := serveEdge(t)
	for _, op := range contract(t) {
		if !strings.Contains(op.path, "{") {
			continue
		}
		t.Run(op.id, func(t *testing.T) {
			t.Parallel()
			for _, bad := range []string{"%ff", "%00", "a%00b", "%c3%28"} {
				r := op.request(t, e)
				r.path = strings.NewReplacer("{id}", bad, "{return_id}", bad, "{sku}", bad, "{provider}", bad).Replace(op.path)
				e.send(t, r).mustBe(t, http.StatusNotFound, "not_found", "")
			}
			for _, odd := range []string{"100%25", "%2525", "a%2Fb", "%20", "%C3%A9", "a+b", ";", "%3F", "%22"} {
				r := op.request(t, e)
				r.path = strings.NewReplacer("{id}", odd, "{return_id}", odd, "{sku}", odd, "{provider}", odd).Replace(op.path)
				e.send(t, r).mustPass(t)
			}
		})
	}
}

func TestIdempotencyKeysAreCheckedAsTheContractSays(t *testing.T) {
	t.Parallel()
	e := serveEdge(t)
	var required []string
	for _, op := range contract(t) {
		declared := op.Parameters.GetByInAndName(openapi3.ParameterInHeader, "Idempotency-Key")
		if declared == nil {
			continue
		}
		if declared.Required {
			required = append(required, op.id)
		}
		t.Run(op.id, func(t *testing.T) {
			t.Parallel()
			with := func(key string) reply {
				r := op.request(t, e)
				r.header["Idempotency-Key"] = key
				return e.send(t, r)
			}
			without := op.request(t, e)
			delete(without.header, "Idempotency-Key")
			if declared.Required {
				e.send(t, without).mustBe(t, http.StatusBadRequest, "idempotency_key_missing", "")
				// The missing key is reported before other errors.
				without = op.request(t, e)
				delete(without.header, "Idempotency-Key")
				without.body = strings.NewReader("{")
				e.send(t, without).mustBe(t, http.StatusBadRequest, "idempotency_key_missing", "")
			} else {
				e.send(t, without).mustPass(t)
				with("").mustBe(t, http.StatusUnprocessableEntity, "validation_failed", "Idempotency-Key")
			}
			for _, key := range []string{"a", strings.Repeat("k", 255), "ключ", `"quoted", with a comma`} {
				with(key).mustPass(t)
			}
			with(strings.Repeat("k", 256)).mustBe(t, http.StatusUnprocessableEntity, "validation_failed", "Idempotency-Key")
		})
	}
	slices.Sort(required)
	if !slices.Equal(required, []string{"placeOrder", "refundOrder"}) {
		t.Errorf("a key is required by %v, want placeOrder and refundOrder", required)
	}
}

func TestAChangeWithoutItsPreconditionIsRefused(t *testing.T) {
	t.Parallel()
	e := serveEdge(t)
	conditional := 0
	for _, op := range contract(t) {
		if _, ok := op.request(t, e).header["If-Match"]; !ok {
			continue
		}
		conditional++
		t.Run(op.id, func(t *testing.T) {
			t.Parallel()
			for _, value := range []string{"", " "} {
				r := op.request(t, e)
				r.header["If-Match"] = value
				e.send(t, r).mustBe(t, http.StatusPreconditionRequired, "precondition_required", "")
			}
			r := op.request(t, e)
			delete(r.header, "If-Match")
			r.body = strings.NewReader("{")
			e.send(t, r).mustBe(t, http.StatusPreconditionRequired, "precondition_required", "")
		})
	}
	if conditional == 0 {
		t.Error("no operation has an If-Match")
	}
}

// Operations for callers that add parameters of their own: health checks, payment providers and OpenID providers.
var lenient = map[string]bool{"getHealth": true, "getReadiness": true, "receivePaymentWebhook": true, "finishSignIn": true}

func TestAnUnknownQueryParameterIsRefused(t *testing.T) {
	t.Parallel()
	e := serveEdge(t)
	for _, op := range contract(t) {
		t.Run(op.id, func(t *testing.T) {
			t.Parallel()
			for query, name := range map[string]string{
				"no_such_parameter=1": "no_such_parameter", "no_such_parameter": "no_such_parameter", "=": " .",
				"id=1": "id", "If-Match=x": "If-Match", "Limit=1": "Limit", strings.Repeat("n", 20_000) + "=1": strings.Repeat("n", maxName) + "…",
			} {
				r := op.request(t, e)
				r.path += "?" + query
				answer := e.send(t, r)
				if lenient[op.id] {
					answer.mustPass(t)
					continue
				}
				if answer.mustBe(t, http.StatusBadRequest, "invalid_request", ""); !strings.Contains(answer.problem.Detail, asciiIn(op, name)) {
					t.Errorf("%s: %q does not name it", query[:min(len(query), 30)], answer.problem.Detail)
				}
			}
		})
	}
}

func TestRepeatedAndNonUTF8HeaderFieldsAreRefused(t *testing.T) {
	t.Parallel()
	e := serveEdge(t)
	for _, op := range contract(t) {
		for _, ref := range op.Parameters {
			p := ref.Value
			if p.In != openapi3.ParameterInHeader {
				continue
			}
			t.Run(op.id+"/"+p.Name, func(t *testing.T) {
				t.Parallel()
				wrong := [][]string{{"\xff"}, {"a\xc3"}}
				if !listHeaders[p.Name] {
					wrong = append(wrong, []string{"a", "b"}, []string{"a", "a"})
				}
				for _, values := range wrong {
					sent := op.request(t, e)
					req, err := http.NewRequestWithContext(t.Context(), sent.method, e.url+sent.path, sent.body)
					if err != nil {
						t.Fatal(err)
					}
					for name, value := range sent.header {
						req.Header.Set(name, value)
					}
					req.Header[http.CanonicalHeaderKey(p.Name)] = values
					e.do(t, req).mustBe(t, http.StatusUnprocessableEntity, "validation_failed", p.Name)
				}
			})
		}
	}
}

// asciiIn returns what the answer of an operation has of a name: OAuth's descriptions are in ASCII.
func asciiIn(op contractOperation, name string) string {
	if op.Extensions["x-souk-errors"] == "oauth" {
		return asciiOf(name)
	}
	return name
}

func TestAFamilyOfParametersIsCheckedByTheNamesGiven(t *testing.T) {
	t.Parallel()
	e := serveEdge(t)
	get := func(query string) reply {
		return e.send(t, request{method: http.MethodGet, path: "/v1/products?" + query, header: map[string]string{}})
	}
	for _, query := range []string{"option.Color=Red", "option.Color=Red&option.Color=Blue&option.Size=M", "option.%C3%89tat=x", "option.a.b=", "option.*=x"} {
		get(query).mustPass(t)
	}
	long := strings.Repeat("x", 101)
	get("option.Color=Red&option.Color="+long).mustBe(t, http.StatusUnprocessableEntity, "validation_failed", "option.Color")
	for _, query := range []string{"option.=x", "option=x", "options.Color=x", "Option.Color=x"} {
		get(query).mustBe(t, http.StatusBadRequest, "invalid_request", "")
	}
	var many strings.Builder
	for i := range 500 {
		many.WriteString("option." + strconv.Itoa(i) + "=" + long + "&")
	}
	if answer := get(many.String()); len(answer.problem.Errors) != 50 {
		t.Errorf("%d violations, want 50", len(answer.problem.Errors))
	}
}
