package contract

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const (
	category = `{"slug": "kitchen", "name": "Kitchen", "path": "Kitchen", "product_count": 1, "children": []}`
	notFound = `{"type": "about:blank", "title": "Not Found", "status": 404, "code": "not_found", "request_id": "r"}`
)

// good returns an answer that the contract lists, so that a test can spoil it.
func good() Answer {
	return Answer{
		Method: http.MethodGet, Path: "/v1/categories?x=y", Status: http.StatusOK, Body: []byte(`{"items": [` + category + `]}`),
		Header: http.Header{"Content-Type": {"application/json"}, "X-Request-Id": {"r"}},
	}
}

// refusal is a listed answer that is a problem.
func refusal() Answer {
	return Answer{
		Method: http.MethodGet, Path: "/v1/products/p1", Status: http.StatusNotFound, Body: []byte(notFound),
		Header: http.Header{"Content-Type": {"application/problem+json"}, "X-Request-Id": {"r"}},
	}
}

func body(of func() Answer, content string) Answer {
	a := of()
	a.Body = []byte(content)
	return a
}

func status(of func() Answer, status int) Answer {
	a := of()
	a.Status = status
	return a
}

// header sets a field, or takes it away.
func header(of func() Answer, name, value string) Answer {
	a := of()
	a.Header = maps.Clone(a.Header)
	a.Header.Set(name, value)
	if value == "" {
		a.Header.Del(name)
	}
	return a
}

func to(of func() Answer, method, path string) Answer {
	a := of()
	a.Method, a.Path = method, path
	return a
}

func problem(status int, code string) Answer {
	a := Answer{
		Method: http.MethodGet, Path: "/v1/me", Status: status,
		Body:   []byte(strings.ReplaceAll(notFound, "not_found", code)),
		Header: http.Header{"Content-Type": {"application/problem+json"}, "X-Request-Id": {"r"}},
	}
	if status == http.StatusUnauthorized {
		a.Header.Set("WWW-Authenticate", "Bearer")
	}
	return a
}

// blame is a refusal for a field.
func blame(method, path, field string) Answer {
	a := problem(http.StatusUnprocessableEntity, "validation_failed")
	a.Method, a.Path = method, path
	a.Body = []byte(strings.Replace(string(a.Body), "{", `{"errors": [{"field": "`+field+`", "message": "is wrong"}], `, 1))
	return a
}

func TestAnAnswerThatTheContractDoesNotListIsAViolation(t *testing.T) {
	t.Parallel()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		answer Answer
		reason string
	}{
		"a status":                   {status(good, 202), "no such status"},
		"a status of another method": {status(refusal, 409), "no such status"},
		"a code of another problem":  {problem(401, "invalid_credentials"), "/code"},
		"an unknown code":            {body(refusal, strings.ReplaceAll(notFound, "not_found", "gone")), "/code"},
		"a media type":               {header(good, "Content-Type", "text/html"), "Content-Type"},
		"a problem as plain JSON":    {header(refusal, "Content-Type", "application/json"), "Content-Type"},
		"no media type":              {header(good, "Content-Type", ""), "Content-Type"},
		"a coding":                   {header(good, "Content-Encoding", "br"), "Content-Encoding"},
		"a missing header":           {header(good, "X-Request-Id", ""), "X-Request-Id is missing"},
		"a missing Retry-After":      {problem(503, "unavailable"), "Retry-After is missing"},
		"an undeclared header":       {header(good, "X-Powered-By", "Go"), "X-Powered-By is not declared"},
		"a header of another answer": {header(refusal, "ETag", `"1"`), "Etag is not declared"},
		"a header that is no number": {header(good, "Age", "soon"), "Age"},
		"a number out of range":      {header(good, "Age", "-1"), "Age"},
		"a missing property":         {body(good, `{"items": [{"slug": "kitchen", "name": "Kitchen"}]}`), "product_count"},
		"an unknown property":        {body(good, `{"items": [], "total": 1}`), "total"},
		"an unknown one deep inside": {body(good, `{"items": [`+strings.Replace(category, "{", `{"id": 1, `, 1)+`]}`), "/items/0"},
		"an unknown one of problems": {body(refusal, strings.Replace(notFound, "{", `{"trace": "", `, 1)), "trace"},
		"a property of another type": {body(good, strings.Replace(`{"items": [`+category+`]}`, "1", `"1"`, 1)), "product_count"},
		"null in place of a list":    {body(good, `{"items": null}`), "/items"},
		"half a body":                {body(good, `{"items": [`), "no JSON"},
		"an empty body":              {body(good, ""), "no JSON"},
		"a body where none is":       {to(func() Answer { return status(good, 204) }, "DELETE", "/v1/sessions/current"), "has a body"},
		"a time in another form":     {to(func() Answer { return body(good, customer("yesterday")) }, "GET", "/v1/me"), "created_at"},
		"a role that is not listed":  {to(func() Answer { return body(good, customer("2026-09-01T09:00:00Z", "owner")) }, "GET", "/v1/me"), "/roles/1"},
		"a redirect":                 {status(func() Answer { return to(good, "GET", "/v1//categories") }, 307), "no operation"},
		"a page that is nowhere":     {to(good, "GET", "/v1/nothing"), "no operation"},
		"a method that is nowhere":   {to(good, "PUT", "/v1/categories"), "no operation"},
		"a code of what is nowhere":  {to(func() Answer { return problem(404, "forbidden") }, "GET", "/v1/nothing"), "forbidden"},
		"405 without Allow":          {to(func() Answer { return problem(405, "method_not_allowed") }, "PUT", "/v1/categories"), "Allow"},
		"a field of no request":      {blame("PUT", "/v1/carts/c/items/s", "lines"), "lines"},
		"a field of another place":   {blame("POST", "/v1/products", "variants[0].amount"), "amount"},
		"an item of what is no list": {blame("POST", "/v1/products", "title[0]"), "title[0]"},
		"a body where none is sent":  {blame("GET", "/v1/products", "body"), "body"},
		"a field without a name":     {blame("POST", "/v1/products", ""), `""`},
		"plain text with a request":  {header(func() Answer { return body(refusal, "404 page not found") }, "Content-Type", "text/plain"), "Content-Type"},
	} {
		var violation *Violation
		if err := c.Check(test.answer); !errors.As(err, &violation) || !strings.Contains(err.Error(), test.reason) {
			t.Errorf("%s: %v, want a violation with %q", name, err, test.reason)
		}
	}
}

func customer(createdAt string, roles ...string) string {
	return `{"id": "1", "email": "a@example.com", "name": "A", "created_at": "` + createdAt + `", "email_verified": true, "roles": ["` +
		strings.Join(append([]string{"customer"}, roles...), `", "`) + `"]}`
}

func zipped(content string) Answer {
	var text bytes.Buffer
	writer := gzip.NewWriter(&text)
	_, _ = writer.Write([]byte(content))
	_ = writer.Close()
	a := header(good, "Content-Encoding", "gzip")
	a.Body = text.Bytes()
	return a
}

func TestAnAnswerThatTheContractListsIsNone(t *testing.T) {
	t.Parallel()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if len(c.operations) < 40 {
		t.Errorf("only %d operations", len(c.operations))
	}
	for name, a := range map[string]Answer{
		"an answer":              good(),
		"a problem":              refusal(),
		"its age":                header(good, "Age", "12"),
		"gzip":                   zipped(string(good().Body)),
		"HEAD":                   to(func() Answer { return body(good, "") }, "HEAD", "/v1/categories"),
		"staff":                  to(func() Answer { return body(good, customer("2026-09-01T09:00:00Z", "staff")) }, "GET", "/v1/me"),
		"unavailable":            header(func() Answer { return problem(503, "unavailable") }, "Retry-After", "1"),
		"a page that is nowhere": to(refusal, "GET", "/v1/nothing"),
		"a method":               header(func() Answer { return to(func() Answer { return problem(405, "method_not_allowed") }, "PUT", "/v1/me") }, "Allow", "GET"),
		"a property":             blame("POST", "/v1/products", "variants[0].price.amount"),
		"a name of the client's": blame("POST", "/v1/products", "variants[0].options.Size"),
		"a whole body":           blame("POST", "/v1/product-imports", "body"),
		"a path parameter":       blame("PUT", "/v1/carts/c/items/s", "sku"),
		"a query parameter":      blame("GET", "/v1/products?limit=0", "limit"),
		"a header":               blame("POST", "/v1/orders", "Idempotency-Key"),
		"no field":               to(func() Answer { return problem(422, "validation_failed") }, "PUT", "/v1/carts/c/items/s"),
		"the contract":           {Method: "GET", Path: "/openapi.yaml", Status: 200},
		"a preflight":            {Method: "OPTIONS", Path: "/v1/orders", Status: 204},
		"what is no HTTP":        {Method: "GET", Path: "/v1/me", Status: 400, Body: []byte("400 Bad Request"), Header: http.Header{"Content-Type": {"text/plain"}}},
		"a stream": {Method: "GET", Path: "/v1/orders/o1/events", Status: 200,
			Header: http.Header{"Content-Type": {"text/event-stream"}, "X-Request-Id": {"r"}, "X-Accel-Buffering": {"no"}, "Cache-Control": {"no-store"}}},
		"a file": {Method: "GET", Path: "/v1/product-exports", Status: 200, Body: []byte("Handle\n"),
			Header: http.Header{"Content-Type": {"text/csv"}, "X-Request-Id": {"r"}, "Content-Disposition": {"attachment"}}},
	} {
		if err := c.Check(a); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestATransportReportsViolationsAndLetsTheRestThrough(t *testing.T) {
	t.Parallel()
	content := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-Id", "r")
		w.Header().Set("Content-Type", "application/json")
		if r.Header.Get("Range") != "" { // half an answer
			w.Header().Set("Content-Length", "100")
		}
		_, _ = io.WriteString(w, content)
	}))
	defer server.Close()
	var reported, failure error
	client := &http.Client{Transport: Transport(server.Client().Transport, func(err error) error {
		reported = err
		return failure
	})}
	get := func(cut string) (string, error) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/v1/categories", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Range", cut)
		resp, err := client.Do(req)
		if err != nil {
			return "", err
		}
		defer func() { _ = resp.Body.Close() }()
		read, err := io.ReadAll(resp.Body)
		return string(read), err
	}
	content = `{"items": []}`
	if got, err := get(""); got != content || err != nil || reported != nil {
		t.Errorf("a listed answer: %q %v, reported %v", got, err, reported)
	}
	if got, err := get("bytes=0-1"); got != content || !errors.Is(err, io.ErrUnexpectedEOF) || reported != nil {
		t.Errorf("a broken connection: %q %v, reported %v", got, err, reported)
	}
	content = `{"items": [], "more": 1}`
	if got, err := get(""); got != content || err != nil || reported == nil {
		t.Errorf("a violation: %q %v, reported %v", got, err, reported)
	}
	failure = errors.New("stop")
	if _, err := get(""); !errors.Is(err, failure) {
		t.Errorf("a violation that fails the request: %v", err)
	}
}
