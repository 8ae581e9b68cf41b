package edge

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"souk/gateway"
	"souk/gateway/internal/api"
	"souk/gateway/internal/policy"
	"souk/platform/access"
	"souk/testkit/accesstest"
	listing "souk/testkit/contract"
)

// keys is the key source of the tests and signs their tokens.
type keys struct {
	private ed25519.PrivateKey
	// err is returned by Key if not nil.
	err error
}

const keyID = "test-key"

func newKeys(t *testing.T) *keys {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &keys{private: private}
}

// Key implements access.KeySource.
func (k *keys) Key(_ context.Context, id string) (ed25519.PublicKey, error) {
	switch {
	case k.err != nil:
		return nil, k.err
	case id != keyID:
		return nil, access.ErrUnknownKey
	}
	return k.private.Public().(ed25519.PublicKey), nil
}

// noRequestLog returns a request log that drops its lines.
func noRequestLog() *RequestLog { return NewRequestLog(io.Discard, slog.LevelInfo) }

// token returns an access token of customer-1 that expires after lifetime.
func (k *keys) token(t *testing.T, lifetime time.Duration, roles ...string) string {
	t.Helper()
	return k.tokenOf(t, "customer-1", lifetime, roles...)
}

func (k *keys) tokenOf(t *testing.T, customer string, lifetime time.Duration, roles ...string) string {
	t.Helper()
	return accesstest.Token(t, k.private, keyID, customer, time.Now().Add(lifetime), roles...)
}

// edgeServer is an edge without services: a request that passes every check is answered 299.
type edgeServer struct {
	keys   *keys
	url    string
	staff  string
	client *http.Client
}

const passed = 299

// pass is a middleware that replaces the operations.
func pass(api.StrictHandlerFunc, string) api.StrictHandlerFunc {
	return func(context.Context, http.ResponseWriter, *http.Request, any) (any, error) {
		return nil, NewProblem(passed, "passed", "")
	}
}

func serveEdge(t *testing.T) *edgeServer {
	t.Helper()
	k := newKeys(t)
	logger := slog.New(slog.DiscardHandler)
	router, err := NewRouter(nil, Options{Verifier: access.NewVerifier(k), Logger: logger}, pass)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(Wrap(router, logger, noRequestLog()))
	t.Cleanup(server.Close)
	return &edgeServer{keys: k, url: server.URL, staff: k.token(t, time.Hour, access.RoleStaff), client: server.Client()}
}

// request is a request to the edge. A nil body means none.
type request struct {
	method, path string
	header       map[string]string
	body         io.Reader
}

// reply is the answer to a request.
type reply struct {
	status  int
	header  http.Header
	body    []byte
	problem problem
}

type problem struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail"`
	Code      string `json:"code"`
	RequestID string `json:"request_id"`
	Errors    []struct {
		Field   string `json:"field"`
		Message string `json:"message"`
	} `json:"errors"`
}

func (e *edgeServer) send(t *testing.T, r request) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), r.method, e.url+r.path, r.body)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	return e.do(t, req)
}

func (e *edgeServer) do(t *testing.T, req *http.Request) reply {
	t.Helper()
	resp, err := e.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	mustBeDocumented(t, req, resp.StatusCode, resp.Header, body)
	return readReply(t, resp.StatusCode, resp.Header, body)
}

// mustBeDocumented fails the test if openapi.yaml does not document an answer. The answer of pass is exempt.
func mustBeDocumented(t *testing.T, req *http.Request, status int, header http.Header, body []byte) {
	t.Helper()
	listed, err := listing.Load()
	if err != nil {
		t.Fatal(err)
	}
	if status == passed {
		return
	}
	if err := listed.Check(listing.Answer{Method: req.Method, Path: req.URL.RequestURI(), Status: status, Header: header, Body: body}); err != nil {
		t.Error(err)
	}
}

// serve sends a request to handler without a network.
func serve(t *testing.T, handler http.Handler, r request) reply {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), r.method, r.path, r.body)
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, req)
	mustBeDocumented(t, req, recorder.Code, recorder.Header(), recorder.Body.Bytes())
	return readReply(t, recorder.Code, recorder.Header(), recorder.Body.Bytes())
}

// readReply checks properties of every answer: an X-Request-Id and, for errors but those of OAuth, a complete problem.
func readReply(t *testing.T, status int, header http.Header, body []byte) reply {
	t.Helper()
	a := reply{status: status, header: header, body: body}
	if header.Get("X-Request-Id") == "" {
		t.Errorf("the answer has no X-Request-Id")
	}
	if status < http.StatusBadRequest {
		return a
	}
	if bytes.HasPrefix(body, []byte(`{"error":`)) { // OAuth's form, which the contract allows some operations
		var refused api.OAuthError
		if err := json.Unmarshal(body, &refused); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		a.problem.Code = string(refused.Error)
		if refused.ErrorDescription != nil {
			a.problem.Detail = *refused.ErrorDescription
		}
		return a
	}
	if got := header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type %q of a problem: %s", got, body)
	}
	if err := json.Unmarshal(body, &a.problem); err != nil {
		t.Fatalf("the problem is not JSON: %v: %s", err, body)
	}
	p := a.problem
	if p.Status != status || p.Type == "" || p.Title == "" || p.Code == "" {
		t.Errorf("the problem of a %d is incomplete: %s", status, body)
	}
	if p.RequestID != header.Get("X-Request-Id") {
		t.Errorf("request_id %q, but X-Request-Id %q", p.RequestID, header.Get("X-Request-Id"))
	}
	return a
}

// mustBe checks the status, the code and the field that the errors name; "" means no errors.
func (a reply) mustBe(t *testing.T, status int, code, field string) {
	t.Helper()
	if a.status != status || a.problem.Code != code {
		t.Errorf("answered %d %s, want %d %s: %s", a.status, a.problem.Code, status, code, a.body)
		return
	}
	var named []string
	for _, e := range a.problem.Errors {
		if e.Field == "" || e.Message == "" {
			t.Errorf("an error without a field or a message: %s", a.body)
		}
		named = append(named, e.Field)
	}
	if got := strings.Join(named, " "); got != field {
		t.Errorf("the problem names %q, want %q: %s", got, field, a.body)
	}
}

func (a reply) mustPass(t *testing.T) {
	t.Helper()
	if a.status != passed {
		t.Errorf("answered %d, want the request to pass: %s", a.status, a.body)
	}
}

// contractOperation is an operation of openapi.yaml.
type contractOperation struct {
	method, path, id string
	*openapi3.Operation
}

// readContract reads openapi.yaml itself, not the code generated from it.
var readContract = sync.OnceValues(func() ([]contractOperation, error) {
	spec, err := openapi3.NewLoader().LoadFromData(gateway.Spec)
	if err != nil {
		return nil, err
	}
	var all []contractOperation
	for path, item := range spec.Paths.Map() {
		for method, op := range item.Operations() {
			all = append(all, contractOperation{method: method, path: path, id: op.OperationID, Operation: op})
		}
	}
	return all, nil
})

// policy returns the operation's policy.
func (o contractOperation) policy(t *testing.T) policy.Policy {
	t.Helper()
	p, err := policy.Of(o.Operation)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// contract returns all operations.
func contract(t *testing.T) []contractOperation {
	t.Helper()
	all, err := readContract()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 30 {
		t.Fatalf("openapi.yaml has only %d operations", len(all))
	}
	return all
}

// request returns a valid request by staff. Tests change it to make it invalid.
func (o contractOperation) request(t *testing.T, e *edgeServer) request {
	t.Helper()
	r := request{method: o.method, path: fillPath(o.path), header: map[string]string{"Authorization": "Bearer " + e.staff}}
	for _, p := range o.Parameters {
		if p.Value.Name == "Idempotency-Key" {
			r.header["Idempotency-Key"] = "key-1"
		}
		if p.Value.Name == "If-Match" {
			r.header["If-Match"] = "*"
		}
	}
	if mediaType, schema := o.body(); mediaType == "application/json" {
		r.header["Content-Type"] = mediaType
		r.body = bytes.NewReader(encode(t, full(schema)))
	} else if mediaType == formMedia {
		r.header["Content-Type"] = mediaType
		r.body = strings.NewReader("grant_type=client_credentials&token=x")
	} else if mediaType != "" {
		r.header["Content-Type"] = mediaType
		r.body = strings.NewReader("Handle,Title\n")
	}
	return r
}

// body returns the media type and the schema of the operation's body, "" and nil for none.
func (o contractOperation) body() (mediaType string, schema *openapi3.Schema) {
	if o.RequestBody == nil {
		return "", nil
	}
	for mediaType, content := range o.RequestBody.Value.Content {
		return mediaType, content.Schema.Value
	}
	return "", nil
}

func fillPath(path string) string {
	return strings.NewReplacer("{id}", "some-id", "{sku}", "SOME-SKU", "{provider}", "stripe").Replace(path)
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	content, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
