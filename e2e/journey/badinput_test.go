package journey

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"souk/e2e/shop"
)

// operation is one method of one path of the contract, as the shop publishes it.
type operation struct {
	method, path string
	// named says that the path names a thing by its id or SKU.
	named bool
	op    *openapi3.Operation
}

func (o operation) String() string { return o.method + " " + o.path }

// operations reads /openapi.yaml, with ids in the paths that nothing has.
func operations(t *testing.T) []operation {
	t.Helper()
	resp, err := anonymous().Send(t.Context(), http.MethodGet, "/openapi.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := openapi3.NewLoader().LoadFromData(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var all []operation
	for path, item := range spec.Paths.Map() {
		filled := strings.NewReplacer("{id}", uuid.NewString(), "{return_id}", uuid.NewString(), "{sku}", "NO-SUCH-SKU").Replace(path)
		for method, op := range item.Operations() {
			all = append(all, operation{method, filled, filled != path, op})
		}
	}
	if len(all) < 38 {
		t.Fatalf("the contract has only %d operations", len(all))
	}
	return all
}

func (o operation) takes(mediaType string) bool {
	return o.op.RequestBody != nil && o.op.RequestBody.Value.Content[mediaType] != nil
}

// raw sends a body as it is.
func raw(t *testing.T, c *shop.Client, o operation, mediaType, body string) *shop.Response {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	headers := []shop.Header{{Name: "Content-Type", Value: mediaType}, {Name: "Idempotency-Key", Value: uuid.NewString()}, {Name: "If-Match", Value: "*"}}
	resp, err := c.Send(ctx, o.method, o.path, []byte(body), headers...)
	if err != nil {
		t.Fatalf("%s: %v", o, err)
	}
	return resp
}

// expect fails unless the answer is a problem with that status and code, and returns it.
func expect(t *testing.T, o operation, what string, resp *shop.Response, status int, code string) shop.Problem {
	t.Helper()
	var problem shop.Problem
	if err := resp.Decode(&problem); err != nil || resp.Status != status || problem.Code != code {
		t.Errorf("%s, %s: %d %s; want %d %s", o, what, resp.Status, resp.Body, status, code)
	}
	if !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/problem+json") {
		t.Errorf("%s, %s: Content-Type is %s", o, what, resp.Header.Get("Content-Type"))
	}
	if id := resp.Header.Get("X-Request-Id"); id == "" || id != problem.RequestID {
		t.Errorf("%s, %s: X-Request-Id %q, request_id %q", o, what, id, problem.RequestID)
	}
	return problem
}

func TestEveryBodyIsChecked(t *testing.T) {
	t.Parallel()
	keeper := staff(t)
	deep := strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40)
	malformed := map[string]string{
		"nothing": "", "spaces": "  ", "no JSON": "{", "a word": "hello", "text after": "{} {}", "twice": `{"a":1,"a":2}`, "deep": deep,
		"no UTF-8": "{\"a\":\"\xff\"}", "U+0000": `{"a":"\u0000"}`, "unknown field": `{"no_such_field":1}`,
	}
	checked := 0
	for _, o := range operations(t) {
		if !o.takes("application/json") {
			continue
		}
		checked++
		for what, body := range malformed {
			if body == "" && !o.op.RequestBody.Value.Required {
				continue
			}
			expect(t, o, what, raw(t, keeper, o, "application/json", body), http.StatusBadRequest, "invalid_request")
		}
		for _, body := range []string{"[]", `"text"`, "1", "null", "true"} {
			problem := expect(t, o, body, raw(t, keeper, o, "application/json", body), http.StatusUnprocessableEntity, "validation_failed")
			if len(problem.Errors) == 0 || problem.Errors[0].Field == "" {
				t.Errorf("%s, %s: no field is named", o, body)
			}
		}
		for _, mediaType := range []string{"", "text/plain", "application/xml", "application/json; charset=latin1"} {
			expect(t, o, mediaType, raw(t, keeper, o, mediaType, "{}"), http.StatusUnsupportedMediaType, "unsupported_media_type")
		}
		big := `{"a":"` + strings.Repeat("x", 2<<20) + `"}`
		expect(t, o, "2 MiB", raw(t, keeper, o, "application/json", big), http.StatusRequestEntityTooLarge, "payload_too_large")
	}
	if checked < 14 {
		t.Errorf("only %d operations take a body", checked)
	}
}

// wrong returns values that a schema refuses.
func wrong(schema *openapi3.Schema) map[string]any {
	out := map[string]any{"an object": map[string]any{"x": 1}, "null": nil}
	switch {
	case schema.Type.Is("string"):
		out["a number"] = 1
		if schema.MaxLength != nil {
			out["too long"] = strings.Repeat("x", int(*schema.MaxLength)+1)
		}
	case schema.Type.Is("integer"):
		out["text"] = "1"
		out["a fraction"] = 1.5
		out["too large"] = 1e300
	case schema.Type.Is("array"):
		out["a number"] = 1
		out["wrong items"] = []any{[]any{}}
	case schema.Type.Is("object"):
		delete(out, "an object")
		out["a number"] = 1
	}
	return out
}

func TestEveryFieldIsChecked(t *testing.T) {
	t.Parallel()
	keeper := staff(t)
	fields := 0
	for _, o := range operations(t) {
		if !o.takes("application/json") {
			continue
		}
		schema := o.op.RequestBody.Value.Content["application/json"].Schema.Value
		for name, property := range schema.Properties {
			fields++
			for what, value := range wrong(property.Value) {
				resp, err := keeper.Send(t.Context(), o.method, o.path, map[string]any{name: value}, shop.Header{Name: "Idempotency-Key", Value: "k"}, shop.Header{Name: "If-Match", Value: "*"})
				if err != nil {
					t.Fatal(err)
				}
				// An object where none belongs may have unknown fields of its own.
				if what == "an object" && resp.Status == http.StatusBadRequest {
					continue
				}
				problem := expect(t, o, name+" is "+what, resp, http.StatusUnprocessableEntity, "validation_failed")
				named := slices.ContainsFunc(problem.Errors, func(e struct {
					Field   string `json:"field"`
					Message string `json:"message"`
				}) bool {
					return strings.HasPrefix(e.Field, name)
				})
				if !named {
					t.Errorf("%s, %s is %s: errors %+v do not name it", o, name, what, problem.Errors)
				}
			}
		}
	}
	if fields < 30 {
		t.Errorf("only %d fields were looked at", fields)
	}
}

func TestEveryQueryParameterIsChecked(t *testing.T) {
	t.Parallel()
	keeper := staff(t)
	bad := map[string][]string{
		"limit": {"0", "101", "-1", "abc", "1.5", "99999999999999999999"}, "min_price": {"-1", "x", "1.5", "99999999999999999999"}, "max_price": {"-1", "x"},
		"sort": {"cheapest"}, "in_stock": {"maybe"}, "facets": {"2"}, "status": {"lost"}, "q": {strings.Repeat("x", 201)},
	}
	checked := 0
	for _, o := range operations(t) {
		for _, p := range o.op.Parameters {
			for _, value := range bad[p.Value.Name] {
				checked++
				resp, err := keeper.Send(t.Context(), o.method, o.path+"?"+p.Value.Name+"="+value, nil)
				if err != nil {
					t.Fatal(err)
				}
				problem := expect(t, o, p.Value.Name+"="+value, resp, http.StatusUnprocessableEntity, "validation_failed")
				if len(problem.Errors) == 0 || problem.Errors[0].Field != p.Value.Name {
					t.Errorf("%s: errors %+v do not name %s", o, problem.Errors, p.Value.Name)
				}
			}
			if p.Value.Name == "cursor" {
				for _, value := range []string{"x", "%25%25", "e30", strings.Repeat("a", 1999)} {
					resp, err := keeper.Send(t.Context(), o.method, o.path+"?cursor="+value, nil)
					if err != nil {
						t.Fatal(err)
					}
					expect(t, o, "cursor="+value, resp, http.StatusBadRequest, "invalid_request")
				}
			}
		}
	}
	if checked < 20 {
		t.Errorf("only %d values were tried", checked)
	}
}

func TestUnknownIdsAndRoutes(t *testing.T) {
	t.Parallel()
	keeper := staff(t)
	for _, o := range operations(t) {
		if !o.named || o.op.RequestBody != nil {
			continue
		}
		for _, id := range []string{"", "nonsense", "%00", "%ff", "..%2f..", strings.Repeat("x", 3000), "1'%20or%20'1'='1"} {
			path := o.path
			if id != "" {
				parts := strings.Split(path, "/")
				for i, part := range parts {
					if len(part) == 36 || part == "NO-SUCH-SKU" {
						parts[i] = id
					}
				}
				path = strings.Join(parts, "/")
			}
			resp, err := keeper.Send(t.Context(), o.method, path, nil, shop.Header{Name: "Idempotency-Key", Value: "k"})
			if err != nil {
				t.Fatal(err)
			}
			if resp.Status != http.StatusNotFound && resp.Status != http.StatusNotImplemented {
				t.Errorf("%s %.80s: %d %.200s; want 404", o.method, path, resp.Status, resp.Body)
			}
		}
	}
	nowhere := operation{method: http.MethodGet, path: "/v1/nowhere"}
	expect(t, nowhere, "", raw(t, keeper, nowhere, "application/json", ""), http.StatusNotFound, "not_found")
	wrongMethod := operation{method: http.MethodPut, path: "/v1/orders"}
	resp := raw(t, keeper, wrongMethod, "application/json", "{}")
	expect(t, wrongMethod, "", resp, http.StatusMethodNotAllowed, "method_not_allowed")
	if allow := resp.Header.Get("Allow"); !strings.Contains(allow, "POST") {
		t.Errorf("Allow = %q, want POST among it", allow)
	}
}

func TestEveryOperationAsksWhoIsThere(t *testing.T) {
	t.Parallel()
	shopper := customer(t)
	for _, o := range operations(t) {
		if o.op.Security == nil || len(*o.op.Security) == 0 || len((*o.op.Security)[len(*o.op.Security)-1]) == 0 {
			continue
		}
		for _, client := range []*shop.Client{anonymous(), anonymous().As("x"), anonymous().As(shopper.Token + "x")} {
			expect(t, o, "without a good token", raw(t, client, o, "application/json", "{}"), http.StatusUnauthorized, "unauthenticated")
		}
		if o.op.Extensions["x-souk-scope"] != nil {
			expect(t, o, "as a customer", raw(t, shopper, o, "application/json", "{}"), http.StatusForbidden, "forbidden")
		}
	}
}

func TestABrokenImportIsRefused(t *testing.T) {
	t.Parallel()
	keeper := staff(t)
	o := operation{method: http.MethodPost, path: "/v1/product-imports"}
	expect(t, o, "JSON", raw(t, keeper, o, "application/json", "{}"), http.StatusUnsupportedMediaType, "unsupported_media_type")
	for _, file := range []string{"", "a,b\n1,2\n", "\x00\xff\xfe", `"`} {
		problem := expect(t, o, file, raw(t, keeper, o, "text/csv", file), http.StatusUnprocessableEntity, "validation_failed")
		if len(problem.Errors) == 0 || problem.Errors[0].Field != "body" {
			t.Errorf("%q: errors %+v do not name the file", file, problem.Errors)
		}
	}
	big := append([]byte("Handle,Title,Variant Price\n"), bytes.Repeat([]byte("x"), 101<<20)...)
	expect(t, o, "101 MiB", raw(t, keeper, o, "text/csv", string(big)), http.StatusRequestEntityTooLarge, "payload_too_large")
}
