package edge

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"souk/gateway/internal/api"
	"souk/platform/access"
	"souk/testkit/accesstest"
)

func TestTokensAreLimitedForEachClient(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	rt := &Router{limits: newTestLimits(t), verifier: access.NewVerifier(k)}
	ask := func(token string) error {
		next := func(context.Context, http.ResponseWriter, *http.Request, any) (any, error) {
			return api.CreateToken200JSONResponse{Body: api.TokenResponse{AccessToken: token}}, nil
		}
		_, err := rt.limitClientTokens(next, "CreateToken")(t.Context(), httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), "POST", "/oauth/token", nil), nil)
		return err
	}
	one, two := accesstest.ClientToken(t, k.private, keyID, "one", "orders:read", time.Now().Add(time.Hour)), accesstest.ClientToken(t, k.private, keyID, "two", "orders:read", time.Now().Add(time.Hour))
	var limited error
	for range 100 {
		limited = errors.Join(limited, ask(one))
	}
	var problem *Problem
	if !errors.As(limited, &problem) || problem.Code != api.ProblemCodeRateLimited {
		t.Errorf("a hundred tokens for one client: %v, want %s", limited, api.ProblemCodeRateLimited)
	}
	for range 60 {
		if err := errors.Join(ask(two), ask(k.token(t, time.Hour))); err != nil {
			t.Fatalf("another client, or a customer: %v", err)
		}
	}
}

func TestSecretsOfClientsAreLimitedForEachAddress(t *testing.T) {
	t.Parallel()
	g := limited(t)
	refused := 0
	for range 100 {
		a := serve(t, g.handler, request{
			method: "POST", path: "/oauth/token", header: map[string]string{"Content-Type": formMedia}, body: strings.NewReader("grant_type=client_credentials"),
		})
		if a.status == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused < 30 {
		t.Errorf("%d of 100 requests were limited", refused)
	}
}

func TestAFormIsCheckedAsOAuthSays(t *testing.T) {
	t.Parallel()
	e := serveEdge(t)
	long := strings.Repeat("x", 3000)
	for name, test := range map[string]struct{ form, refused string }{
		"right": {"grant_type=client_credentials&scope=a+b", ""}, "unknown parameters": {"grant_type=x&other=1", ""},
		"empty": {"", "grant_type"}, "no value": {"grant_type=", "grant_type"}, "twice": {"grant_type=x&grant_type=x", "grant_type: must not come twice"},
		"an unknown one twice": {"grant_type=x&other=1&other=2", "other"}, "too long": {"grant_type=x&scope=" + url.QueryEscape(long), "scope"},
		"no form": {"%", "not a form"}, "not UTF-8": {"grant_type=%ff", "UTF-8"},
	} {
		a := e.send(t, request{method: "POST", path: "/oauth/token", header: map[string]string{"Content-Type": formMedia}, body: strings.NewReader(test.form)})
		if test.refused == "" {
			a.mustPass(t)
			continue
		}
		if a.status != http.StatusBadRequest || !strings.Contains(string(a.body), `"error":"invalid_request"`) || !strings.Contains(string(a.body), test.refused) {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	e.send(t, request{method: "POST", path: "/oauth/token", header: map[string]string{"Content-Type": formMedia}, body: strings.NewReader("grant_type=" + strings.Repeat("x", 20<<10))}).
		mustBe(t, http.StatusRequestEntityTooLarge, "payload_too_large", "")
}

func TestADescriptionHasOnlyTheCharactersOfRFC6749(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	(&OAuthError{Code: api.OAuthErrorCodeInvalidRequest, Detail: "a \"b\\ é\n…c"}).write(w)
	if got, want := strings.TrimSpace(w.Body.String()), `{"error":"invalid_request","error_description":"a b c"}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestAClientOfAPartnerReadsAnOrderWithTheScopeForThat(t *testing.T) {
	t.Parallel()
	e := serveEdge(t)
	token := func(scope string) map[string]string {
		return map[string]string{"Authorization": "Bearer " + accesstest.ClientToken(t, e.keys.private, keyID, "partner", scope, time.Now().Add(time.Hour))}
	}
	e.send(t, request{method: "GET", path: "/v1/orders/o1", header: token("orders:read")}).mustPass(t)
	e.send(t, request{method: "GET", path: "/v1/orders/o1", header: token("inventory:write")}).mustBe(t, http.StatusForbidden, "forbidden", "")
	e.send(t, request{method: "GET", path: "/v1/orders", header: token("orders:read")}).mustBe(t, http.StatusUnauthorized, "unauthenticated", "")
}
