package access_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"souk/e2e/access"
	platformaccess "souk/platform/access"
)

// A client with one scope serves for the routes with that scope, and for no others, however it proves who it is.
func TestEveryScopeOfAClientServesItsRoutesAlone(t *testing.T) {
	for kind, proof := range map[string]func(t *testing.T, id, secret string) string{
		"api_key": func(_ *testing.T, _, secret string) string { return secret }, "oauth": clientToken,
	} {
		t.Run(kind, func(t *testing.T) { tryEveryScope(t, kind, proof) })
	}
}

// clientToken returns an access token of an OAuth client. One with a scope that the client does not have is refused.
func clientToken(t *testing.T, id, secret string) string {
	t.Helper()
	ask := func(scope string) answer {
		form := url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}, "scope": {scope}}
		return send(t, http.MethodPost, platformaccess.TokenPath, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, []byte(form.Encode()))
	}
	all := platformaccess.ScopeText(platformaccess.AllScopes())
	if got := ask(all); got.status != http.StatusBadRequest || !strings.Contains(got.body, "invalid_scope") {
		t.Errorf("every scope for a client with one: %d %s", got.status, got.body)
	}
	got := ask("")
	var grant struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(got.body), &grant); err != nil || grant.AccessToken == "" {
		t.Fatalf("%d %s, %v", got.status, got.body, err)
	}
	return grant.AccessToken
}

// tryEveryScope sends a request to every route with each scope alone.
func tryEveryScope(t *testing.T, kind string, proof func(t *testing.T, id, secret string) string) {
	t.Helper()
	boss, served, refused := boss(t), 0, 0
	for _, scope := range platformaccess.AllScopes() {
		name := platformaccess.ScopeName(scope)
		var client struct{ ID, Secret string }
		body := object{"name": name, "kind": kind, "scopes": []string{name}}
		if err := boss.Do(t.Context(), http.MethodPost, "/v1/admin/clients", body, &client); err != nil {
			t.Fatal(err)
		}
		proven := proof(t, client.ID, client.Secret)
		for _, r := range protected() {
			if r.Who == access.Optional {
				continue // as a guest
			}
			got := send(t, r.Method, bareURL(r), bearer(proven), nil)
			want := 0 // anything but a refusal
			open, _ := r.Operation.Extensions["x-souk-client-scope"].(string)
			switch {
			case open == name:
			case open != "":
				want = http.StatusForbidden
			case r.Who == access.Customer:
				want = http.StatusUnauthorized
			case r.Scope != scope:
				want = http.StatusForbidden
			}
			isRefusal := got.status == http.StatusUnauthorized || got.status == http.StatusForbidden
			switch {
			case want == 0 && isRefusal, want != 0 && got.status != want:
				t.Errorf("%s: %s %s: %d %s, want %d", name, r.Method, r.Path, got.status, got.body, want)
			case isRefusal:
				refused++
			default:
				served++
			}
		}
		if err := boss.Do(t.Context(), http.MethodDelete, "/v1/admin/clients/"+client.ID, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("measured: %d served, %d refused", served, refused)
}

func TestAnAPIKeyOfNobodyIsRefused(t *testing.T) {
	for _, key := range []string{"souk_", "souk_CANARY", "souk_0123456789012345678901234567890123456789012abcdef"} {
		for _, r := range protected() {
			if got := send(t, r.Method, bareURL(r), bearer(key), nil); got.status != http.StatusUnauthorized {
				t.Errorf("%s %s: %d %s", r.Method, r.Path, got.status, got.body)
			}
		}
	}
}
