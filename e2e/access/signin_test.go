package access_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"souk/e2e/testshop"
	"souk/testkit/openidtest"
)

// callbackHost is where the provider sends browsers. The tests take them from there to the shop.
const callbackHost = "http://127.0.0.1:1"

// provider is an OpenID provider of the shop.
var provider *openidtest.Provider

// startProvider starts the provider and returns the shop's settings of it.
func startProvider() (settings string, stop func(), err error) {
	if provider, stop, err = openidtest.Start(callbackHost + "/v1/sign-in/example/callback"); err != nil {
		return "", nil, err
	}
	text, err := json.Marshal([]object{{
		"name": "example", "issuer": provider.URL, "client_id": openidtest.ClientID, "client_secret": openidtest.ClientSecret,
	}})
	return string(text), stop, err
}

// signInCode returns a one-time code that can be linked to the account, whose address is confirmed.
func signInCode(p *people, r *request) any {
	if r.who.Token == "" {
		return object{"code": "x.y"}
	}
	confirmAddress(p, r.who)
	provider.Set(openidtest.User{ID: r.who.id, Email: r.who.email, EmailVerified: true})
	started := send(p.t, http.MethodGet, "/v1/sign-in/example", http.Header{}, nil)
	cookie, _, _ := strings.Cut(started.header.Get("Set-Cookie"), ";")
	p.things[signInCookieOf(r)] = cookie
	callback := provider.SignIn(p.t, started.header.Get("Location"), r.who.id)
	finished := send(p.t, http.MethodGet, callback.RequestURI(), http.Header{"Cookie": {cookie}}, nil)
	page, err := url.Parse(finished.header.Get("Location"))
	if err != nil || !strings.HasPrefix(page.Fragment, "code=") {
		p.t.Fatalf("the page is %s, %v", page, err)
	}
	return object{"code": strings.TrimPrefix(page.Fragment, "code=")}
}

func signInCookie(p *people, r *request, _ []byte) map[string]string {
	return map[string]string{"Cookie": p.things[signInCookieOf(r)]}
}

func signInCookieOf(r *request) string { return "cookie of a sign-in of " + r.who.name }

// identity returns the id of a provider that is linked to the account.
func identity(p *people, a *account) string {
	p.t.Helper()
	r := &request{who: a}
	body, err := json.Marshal(signInCode(p, r))
	if err != nil {
		p.t.Fatal(err)
	}
	header := bearer(a.Token)
	header.Set("Content-Type", "application/json")
	header.Set("Cookie", p.things[signInCookieOf(r)])
	if linked := send(p.t, http.MethodPost, "/v1/me/identities", header, body); linked.status != http.StatusCreated {
		p.t.Fatalf("%d %s", linked.status, linked.body)
	}
	var listed struct{ Items []struct{ ID string } }
	p.do(a, http.MethodGet, "/v1/me/identities", nil, &listed)
	if len(listed.Items) != 1 {
		p.t.Fatalf("%d identities are linked", len(listed.Items))
	}
	return listed.Items[0].ID
}

func confirmAddress(p *people, a *account) {
	p.t.Helper()
	var me struct {
		Verified bool `json:"email_verified"`
	}
	p.do(a, http.MethodGet, "/v1/me", nil, &me)
	if me.Verified {
		return
	}
	p.do(a, http.MethodPost, "/v1/email-verifications", nil, nil)
	p.do(a, http.MethodPost, "/v1/email-verifications/confirmation", object{"token": mailed(p, a.email, testshop.ConfirmEmail)}, nil)
}
