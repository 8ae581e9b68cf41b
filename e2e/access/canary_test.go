package access_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"

	"souk/deploy/local/stack"
	"souk/e2e/shop"
	"souk/e2e/testshop"
)

// How the shop is used here, well and badly, everything that is secret has a canary in it.
const canaryPassword = "CANARY-password"

func TestNoSecretIsInAnyLog(t *testing.T) {
	useTheShop(t)
	found, err := leaks(running)
	if err != nil {
		t.Fatal(err)
	}
	for _, leak := range found {
		t.Error(leak)
	}
	// Or these would not be the logs that secrets are in.
	for _, name := range append([]string{stack.Gateway}, stack.Services...) {
		if log, err := os.ReadFile(running.LogFile(name)); err != nil || !bytes.Contains(log, []byte("\"level\":\"DEBUG\"")) {
			t.Errorf("the log of %s has no line of level DEBUG: %v", name, err)
		}
	}
}

// useTheShop does everything that handles a secret, well and badly.
func useTheShop(t *testing.T) {
	t.Helper()
	p := newPeople(t)
	email := uuid.NewString() + canary + "@example.com"
	client, session, err := shop.New(running.URL()).Register(t.Context(), email, canaryPassword, leeds.Name)
	if err != nil {
		t.Fatal(err)
	}
	self := &account{Client: client, name: "canary", email: email, password: canaryPassword}
	passwords(t, p, self, session)
	tokens(t, session)
	mails(t, self)
	ownAccount(t, self)
	payments(t, p, self)
	tickets(t, p, self)
	partners(t, p, session)
	malformedBodies(t, session.AccessToken)
	staff, _, err := shop.New(running.URL()).Login(t.Context(), running.StaffEmail(), running.StaffPassword())
	if err != nil {
		t.Fatal(err)
	}
	try(t, staff, http.MethodPost, "/v1/me/deletion", object{"password": running.StaffPassword()})
}

// try sends what may well be refused.
func try(t *testing.T, p *shop.Client, method, path string, body any, headers ...shop.Header) {
	t.Helper()
	got, err := p.Send(t.Context(), method, path, body, headers...)
	if err != nil {
		t.Fatal(err)
	}
	if got.Status == http.StatusInternalServerError {
		t.Errorf("%s %s: %d %s", method, path, got.Status, got.Body)
	}
}

func passwords(t *testing.T, p *people, a *account, session shop.Session) {
	t.Helper()
	anonymous := a.As("")
	try(t, anonymous, http.MethodPost, "/v1/customers", object{"email": a.email, "password": canaryPassword, "name": "Ada Shopper"})
	try(t, anonymous, http.MethodPost, "/v1/customers", object{"email": "no e-mail CANARY", "password": strings.Repeat("CANARY", 50), "name": ""})
	for _, email := range []string{a.email, "unknown@example.com", running.StaffEmail()} {
		try(t, anonymous, http.MethodPost, "/v1/sessions", object{"email": email, "password": "wrong CANARY"})
	}
	for range 2 { // the second is a replay
		try(t, anonymous, http.MethodPost, "/v1/sessions/refresh", object{"refresh_token": session.RefreshToken})
	}
	try(t, anonymous, http.MethodPost, "/v1/sessions/refresh", object{"refresh_token": uuid.NewString() + ".CANARY"})
	try(t, a.Client, http.MethodPut, "/v1/me/password", object{"current_password": "wrong CANARY", "new_password": "new CANARY password"})
	try(t, a.Client, http.MethodPut, "/v1/me/password", object{"current_password": canaryPassword, "new_password": "CANARY"})
	p.do(a, http.MethodPut, "/v1/me/password", object{"current_password": canaryPassword, "new_password": "new CANARY password"}, nil)
	try(t, a.Client, http.MethodPost, "/v1/me/deletion", object{"password": "wrong CANARY"})
}

// mails uses tokens of mails, good ones and bad ones. leaks looks for the good ones too.
func mails(t *testing.T, a *account) {
	t.Helper()
	anonymous := a.As("")
	for _, email := range []string{a.email, "unknown" + canary + "@example.com", "CANARY", "CANARY@"} {
		try(t, anonymous, http.MethodPost, "/v1/password-resets", object{"email": email})
	}
	try(t, a.Client, http.MethodPost, "/v1/email-verifications", nil)
	for path, subject := range map[string]string{"password-resets": testshop.ResetPassword, "email-verifications": testshop.ConfirmEmail} {
		_, token, err := running.MailToken(t.Context(), strings.ToLower(a.email), subject)
		if err != nil {
			t.Fatal(err)
		}
		for _, token := range []string{"CANARY", token + "CANARY", token, token} { // the last one is used
			body := object{"token": token}
			if path == "password-resets" {
				body["password"] = "CANARY reset password"
			}
			try(t, anonymous, http.MethodPost, "/v1/"+path+"/confirmation", body)
		}
	}
}

// ownAccount uses what a customer may do with the account, well and badly. The password is the one that mails has set.
func ownAccount(t *testing.T, a *account) {
	t.Helper()
	const current = "CANARY reset password"
	for _, with := range []string{"wrong CANARY", current} {
		try(t, a.Client, http.MethodPut, "/v1/me/email", object{"email": "next" + a.email, "password": with})
	}
	try(t, a.Client, http.MethodPost, "/v1/me/second-factor", nil)
	try(t, a.Client, http.MethodPost, "/v1/me/second-factor/confirmation", object{"code": "CANARY"})
	try(t, a.Client, http.MethodDelete, "/v1/me/second-factor", object{"password": current, "code": "CANARY"})
	try(t, a.As(""), http.MethodPost, "/v1/sessions", object{"email": a.email, "password": current, "code": "CANARY"}, shop.Header{Name: "User-Agent", Value: "CANARY"})
	for _, path := range []string{"/v1/me/sessions", "/v1/me/sessions?cursor=CANARY", "/v1/me/export"} {
		try(t, a.Client, http.MethodGet, path, nil)
	}
	try(t, a.Client, http.MethodDelete, "/v1/me/sessions/CANARY", nil)
}

func tokens(t *testing.T, session shop.Session) {
	t.Helper()
	anonymous := shop.New(running.URL())
	good := session.AccessToken
	for _, token := range []string{good + "CANARY", "CANARY", session.RefreshToken, good[:len(good)-5], "eyJhbGciOiJub25lIn0.eyJzdWIiOiJDQU5BUlkifQ."} {
		try(t, anonymous.As(token), http.MethodGet, "/v1/me", nil)
	}
	try(t, anonymous, http.MethodGet, "/v1/me?access_token="+url.QueryEscape(good), nil)
	try(t, anonymous, http.MethodGet, "/v1/products?cursor=CANARY&q=CANARY", nil)
	try(t, anonymous, http.MethodGet, "/v1/me", nil, shop.Header{Name: "Cookie", Value: "token=" + good})
	try(t, anonymous, http.MethodGet, "/v1/me", nil, shop.Header{Name: "X-Request-Id", Value: "bad id " + good})
}

func payments(t *testing.T, p *people, a *account) {
	t.Helper()
	for _, method := range []string{"pm_card_visa_CANARY4242424242424242", "pm_card_declined", "pm_card_flaky", "pm_card_visa"} {
		body := shop.Checkout{CartID: cart(p, a), ShippingAddress: &leeds, ShippingOption: "royal-standard", PaymentMethod: method}
		try(t, a.Client, http.MethodPost, "/v1/orders", body, shop.Header{Name: "Idempotency-Key", Value: uuid.NewString()})
	}
	try(t, a.Client, http.MethodPost, "/v1/me/addresses", leeds)
	message := fmt.Appendf(nil, `{"id": %q, "type": "payment.captured", "reference": "souk-CANARY"}`, uuid.NewString())
	for _, header := range []map[string]string{signature(nil, nil, message), {"Souk-Signature": "t=1,v1=CANARY"}, {"Stripe-Signature": "t=1,v1=CANARY"}} {
		for provider, fields := range map[string]map[string]string{"simulator": header, "stripe": header} {
			h := http.Header{"Content-Type": {"application/json"}}
			for name, value := range fields {
				h.Set(name, value)
			}
			if got := send(t, http.MethodPost, "/v1/webhooks/payments/"+provider, h, message); got.status >= 500 {
				t.Errorf("webhook of %s: %d %s", provider, got.status, got.body)
			}
		}
	}
}

func tickets(t *testing.T, p *people, a *account) {
	t.Helper()
	id := order(p, a)
	path := "/v1/orders/" + id + "/events?ticket="
	try(t, a.Client, http.MethodPost, "/v1/orders/"+id+"/cancellation", nil) // so that the stream ends
	anonymous := a.As("")
	for _, ticket := range []string{"CANARY", strings.Repeat("CANARY", 50), "CANARY&ticket=CANARY"} {
		try(t, anonymous, http.MethodGet, path+ticket, nil)
		try(t, a.Client, http.MethodGet, path+ticket, nil)
	}
	ticket, err := a.EventTicket(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second is spent
		try(t, anonymous, http.MethodGet, path+ticket, nil)
	}
}

// partners uses clients of partners, well and badly. leaks knows access tokens, refresh tokens and API keys by their form, and the secret
// is told as one of those.
func partners(t *testing.T, p *people, session shop.Session) {
	t.Helper()
	boss, anonymous := p.account(staff), shop.New(running.URL())
	var client struct{ ID, Secret string }
	p.do(boss, http.MethodPost, "/v1/admin/clients", object{"name": "CANARY", "kind": "oauth", "scopes": []string{"orders:read"}}, &client)
	given = append(given, client.Secret)
	for _, secret := range []string{client.Secret, client.Secret + "CANARY", "CANARY"} {
		basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(client.ID+":"+secret))
		given = append(given, basic)
		try(t, anonymous, http.MethodPost, "/oauth/token", url.Values{"grant_type": {"client_credentials"}}, shop.Header{Name: "Authorization", Value: basic})
		for _, grant := range []string{"client_credentials", "CANARY"} {
			form := url.Values{"grant_type": {grant}, "client_id": {client.ID}, "client_secret": {secret}, "scope": {"orders:read"}}
			try(t, anonymous, http.MethodPost, "/oauth/token", form)
			try(t, anonymous, http.MethodPost, "/oauth/token?client_secret=CANARY", form)
		}
	}
	for _, form := range []url.Values{
		{"grant_type": {"client_credentials"}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {"CANARY"}},
		{"grant_type": {"refresh_token"}, "refresh_token": {"CANARY"}}, {"grant_type": {"CANARY", "CANARY"}}, {"CANARY": {"CANARY"}},
	} {
		try(t, anonymous, http.MethodPost, "/oauth/token", form)
	}
	for _, token := range []string{"CANARY", "souk_CANARY", session.AccessToken, session.RefreshToken} {
		try(t, anonymous, http.MethodPost, "/oauth/revoke", url.Values{"token": {token}})
	}
	var key struct{ Secret string }
	p.do(boss, http.MethodPost, "/v1/admin/clients", object{"name": "CANARY", "kind": "api_key", "scopes": []string{"orders:read"}}, &key)
	for _, token := range []string{key.Secret, key.Secret + "CANARY", "souk_CANARY"} {
		try(t, anonymous.As(token), http.MethodGet, "/v1/admin/orders", nil)
	}
}

func malformedBodies(t *testing.T, token string) {
	t.Helper()
	for _, r := range routes {
		for _, body := range []string{
			`{"password": "CANARY", "refresh_token": "CANARY", "payment_method": "CANARY"`, `{"password": ["CANARY"], "payment_method": {"CANARY": 1}}`,
			`{"CANARY": "CANARY"}`, `"CANARY"`, "CANARY", `{"password": "CANARY\u0000"}`, `{"email": "CANARY", "password": "\ud800CANARY"}`,
		} {
			if r.Operation.RequestBody == nil || strings.Contains(r.Path, "webhooks") {
				continue
			}
			header := bearer(token)
			header.Set("Content-Type", "application/json")
			header.Set("Idempotency-Key", uuid.NewString())
			if got := send(t, r.Method, bareURL(r), header, []byte(body)); got.status >= 500 {
				t.Errorf("%s with %s: %d %s", r.Name(), body, got.status, got.body)
			}
		}
	}
}
