package access_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"souk/deploy/local/stack"
	"souk/e2e/access"
	"souk/platform/rpc"
)

// attacker is someone with a key of their own, and a server that publishes it.
type attacker struct {
	key   ed25519.PrivateKey
	url   string
	asked atomic.Int64
}

func newAttacker(t *testing.T) *attacker {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := &attacker{key: private}
	jwks := encode(t, object{"keys": []object{{"kty": "OKP", "crv": "Ed25519", "kid": "attacker", "alg": "EdDSA", "x": b64(publicOf(private))}}})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		a.asked.Add(1)
		_, _ = w.Write(jwks)
	}))
	t.Cleanup(server.Close)
	a.url = server.URL + "/jwks.json"
	return a
}

// bareURL is the route about things that do not exist: whoever has no token does not learn even that.
func bareURL(r access.Route) string {
	path := r.Path
	for _, name := range []string{"{id}", "{sku}"} {
		path = strings.ReplaceAll(path, name, uuid.NewString())
	}
	return path
}

// protected returns the routes that look at a token.
func protected() []access.Route {
	var all []access.Route
	for _, r := range routes {
		if r.Who != access.Anyone {
			all = append(all, r)
		}
	}
	return all
}

func TestNoForgedTokenIsTakenByAnyRoute(t *testing.T) {
	a := newAttacker(t)
	p := newPeople(t)
	tokens := forgeries(t, p.account(staff), a.key, a.url)
	t.Run("routes", func(t *testing.T) {
		for _, r := range protected() {
			t.Run(r.Name(), func(t *testing.T) {
				t.Parallel()
				for name, token := range tokens {
					unauthenticated(t, r, name, bearer(token))
				}
				for name, header := range headers(p.account(staff).Token) {
					unauthenticated(t, r, name, header)
				}
				tooLong(t, r)
				goodTokens(t, p, r)
			})
		}
	})
	if n := a.asked.Load(); n > 0 {
		t.Errorf("the attacker's server was asked for its keys %d times", n)
	}
	t.Logf("measured: %d routes × %d tokens and %d headers", len(protected()), len(tokens)+1, len(headers("")))
}

// unauthenticated sends no body and no id that exists: the token is what is looked at first.
func unauthenticated(t *testing.T, r access.Route, name string, header http.Header) {
	t.Helper()
	if r.Who == access.Optional && header.Get("Authorization") == "" {
		return // as anyone
	}
	got := send(t, r.Method, bareURL(r), header, nil)
	if got.status != http.StatusUnauthorized || got.problem().Code != "unauthenticated" {
		t.Errorf("%s: %d %s, want 401 unauthenticated", name, got.status, got.body)
	}
}

// headers are ways to show a good token that are none.
func headers(good string) map[string]http.Header {
	authorization := func(values ...string) http.Header { return http.Header{"Authorization": values} }
	return map[string]http.Header{
		"a bad token before a good one": authorization("Bearer not.a.token", "Bearer "+good),
		"a bad token after a good one":  authorization("Bearer "+good, "Bearer not.a.token"),
		"a good token twice":            authorization("Bearer "+good, "Bearer "+good),
		"another scheme before":         authorization("Basic eDp5", "Bearer "+good),
		"another scheme":                authorization("Basic " + good),
		"no scheme":                     authorization(good),
		"a colon":                       authorization("Bearer:" + good),
		"a comma":                       authorization("Bearer," + good),
		"two spaces":                    authorization("Bearer  " + good),
		"a scheme without a token":      authorization("Bearer"),
		"bearer with a bad token":       authorization("bearer not.a.token"),
		"two in one":                    authorization("Bearer " + good + ", Bearer " + good),
		"a cookie":                      {"Cookie": {"access_token=" + good + "; token=" + good}},
		"a header of its own":           {"X-Access-Token": {good}, "X-Authorization": {"Bearer " + good}, "Proxy-Authorization": {"Bearer " + good}},
		"what only services say":        {"X-Souk-Service": {"gateway"}, "X-Customer-Id": {uuid.NewString()}, "Grpc-Metadata-Authorization": {"Bearer " + good}},
	}
}

// tooLong sends a token of 1 MiB: it is answered 431, or the connection is cut before it was sent.
func tooLong(t *testing.T, r access.Route) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), r.Method, running.URL()+bareURL(r), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+strings.Repeat("a", 1<<20))
	resp, err := client.Do(req)
	if err != nil {
		return
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge && resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("a token of 1 MiB: %d", resp.StatusCode)
	}
}

// goodTokens checks that the test would see a token that is taken, as whichever case its scheme is written in.
func goodTokens(t *testing.T, p *people, r access.Route) {
	t.Helper()
	for _, scheme := range []string{"Bearer ", "bearer ", "BEARER "} {
		got := send(t, r.Method, bareURL(r), http.Header{"Authorization": {scheme + p.account(staff).Token}}, nil)
		if got.status == http.StatusUnauthorized || got.status == http.StatusForbidden || got.status >= 500 {
			t.Errorf("a good token, %s: %d %s", scheme, got.status, got.body)
		}
	}
}

func TestNoForgedTokenIsTakenByAnyRPC(t *testing.T) {
	a := newAttacker(t)
	tokens := forgeries(t, newPeople(t).account(staff), a.key, a.url)
	t.Run("RPCs", func(t *testing.T) {
		for _, r := range rpcs {
			t.Run(string(r.Method.Parent().Name()+"."+r.Method.Name()), func(t *testing.T) {
				t.Parallel()
				conn, empty := dialAs(t, r.Server(), stack.Gateway), newMessage(t, r.Method.Input())
				for name, token := range tokens {
					err := call(t, conn, r, token, empty)
					if status.Code(err) != codes.Unauthenticated || rpc.Reason(err) != "" {
						t.Errorf("%s: %v, want UNAUTHENTICATED", name, err)
					}
				}
			})
		}
	})
	if n := a.asked.Load(); n > 0 {
		t.Errorf("the attacker's server was asked for its keys %d times", n)
	}
	t.Logf("measured: %d RPCs × %d tokens", len(rpcs), len(tokens))
}
