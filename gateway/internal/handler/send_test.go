package handler_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"souk/platform/access"
	"souk/testkit/accesstest"
)

// as is the sender of a request.
type as string

const (
	guest    as = ""
	customer as = "customer"
	staff    as = access.RoleStaff
)

// token returns an access token of customer-1 for an hour.
func (s *shop) token(t testing.TB, who as) string {
	t.Helper()
	return s.tokenUntil(t, who, time.Now().Add(time.Hour))
}

func (s *shop) tokenUntil(t testing.TB, who as, end time.Time) string {
	t.Helper()
	return accesstest.Token(t, s.private, "k", "customer-1", end, string(who))
}

// reply is an answer of the gateway.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// send sends a request. A string body is JSON, bytes or a reader CSV, and values a form, which is sent without a token. Headers come in pairs.
func (s *shop) send(t *testing.T, who as, method, path string, body any, headers ...string) reply {
	t.Helper()
	var reader io.Reader
	mediaType := ""
	switch b := body.(type) {
	case string:
		reader, mediaType = strings.NewReader(b), "application/json"
	case []byte:
		reader, mediaType = bytes.NewReader(b), "text/csv"
	case url.Values:
		reader, mediaType, who = strings.NewReader(b.Encode()), "application/x-www-form-urlencoded", guest
	case io.Reader:
		reader, mediaType = b, "text/csv"
	}
	req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, reader)
	if err != nil {
		t.Fatal(err)
	}
	if mediaType != "" {
		req.Header.Set("Content-Type", mediaType)
	}
	if who != guest {
		req.Header.Set("Authorization", "Bearer "+s.token(t, who))
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return s.do(t, req)
}

func (s *shop) do(t *testing.T, req *http.Request) reply {
	t.Helper()
	resp, err := s.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{status: resp.StatusCode, header: resp.Header, body: content}
}

// mustBe checks the status and, unless want is "", the whole body as JSON.
func (r reply) mustBe(t *testing.T, status int, want string) {
	t.Helper()
	if r.status != status {
		t.Fatalf("answered %d, want %d: %s", r.status, status, r.body)
	}
	if want != "" && indented(t, r.body) != indented(t, []byte(want)) {
		t.Errorf("answered\n%s\nwant\n%s", indented(t, r.body), indented(t, []byte(want)))
	}
}

// indented formats a JSON text in one standard way.
func indented(t *testing.T, text []byte) string {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	content, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// into decodes the body into v.
func (r reply) into(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal(r.body, v); err != nil {
		t.Fatalf("%v in %s", err, r.body)
	}
}

type problem struct {
	Status    int    `json:"status"`
	Code      string `json:"code"`
	Detail    string `json:"detail"`
	Reason    string `json:"reason"`
	RequestID string `json:"request_id"`
	OrderID   string `json:"order_id"`
	Errors    []struct {
		Field string `json:"field"`
	} `json:"errors"`
	Lines []struct {
		SKU       string `json:"sku"`
		Requested int64  `json:"requested"`
		Available int64  `json:"available"`
	} `json:"lines"`
}

// refused checks that the answer is a problem with that status and code, and returns it.
func (r reply) refused(t *testing.T, status int, code string) problem {
	t.Helper()
	var p problem
	if r.status != status {
		t.Fatalf("answered %d, want %d: %s", r.status, status, r.body)
	}
	r.into(t, &p)
	if p.Code != code || p.Status != status || r.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%s problem %s, want %s", r.header.Get("Content-Type"), r.body, code)
	}
	return p
}
