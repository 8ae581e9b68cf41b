package journey

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"souk/e2e/shop"
	"souk/e2e/testshop"
)

// needsMails skips a test at someone else's shop, whose mails cannot be read.
func needsMails(t *testing.T) {
	t.Helper()
	if running == nil {
		t.Skip("the mails of the shop at SOUK_URL cannot be read")
	}
}

// me is the account of GET /v1/me.
type me struct {
	ID            string `json:"id"`
	EmailVerified bool   `json:"email_verified"`
}

func meOf(t *testing.T, c *shop.Client) (account me) {
	t.Helper()
	if err := c.Do(t.Context(), http.MethodGet, "/v1/me", nil, &account); err != nil {
		t.Fatal(err)
	}
	return account
}

func TestAForgottenPasswordIsReplaced(t *testing.T) {
	t.Parallel()
	needsMails(t)
	address := email()
	_, session, err := anonymous().Register(t.Context(), address, password, "Ada Shopper")
	if err != nil {
		t.Fatal(err)
	}
	// Whatever host the request claims to be for, the link leads to the configured pages.
	asked, err := anonymous().Send(t.Context(), http.MethodPost, "/v1/password-resets", map[string]string{"email": strings.ToUpper(address)},
		shop.Header{Name: "X-Forwarded-Host", Value: "evil.example"}, shop.Header{Name: "Forwarded", Value: "host=evil.example"},
		shop.Header{Name: "Referer", Value: "https://evil.example/"})
	if err != nil || asked.Status != http.StatusAccepted {
		t.Fatalf("%d %s, %v", asked.Status, asked.Body, err)
	}
	page, token, err := running.MailToken(t.Context(), address, testshop.ResetPassword)
	if err != nil || page != running.URL()+"/reset-password" {
		t.Fatalf("the link leads to %q, %v", page, err)
	}
	body := map[string]string{"token": token, "password": "another horse battery"}
	reset := func() error {
		return anonymous().Do(t.Context(), http.MethodPost, "/v1/password-resets/confirmation", body, nil)
	}
	if err := reset(); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, reset(), http.StatusUnprocessableEntity, "invalid_mail_token")
	refresh := anonymous().Do(t.Context(), http.MethodPost, "/v1/sessions/refresh", map[string]string{"refresh_token": session.RefreshToken}, nil)
	wantProblem(t, refresh, http.StatusUnauthorized, "invalid_refresh_token")
	_, _, err = anonymous().Login(t.Context(), address, password)
	wantProblem(t, err, http.StatusUnauthorized, "invalid_credentials")
	if _, _, err := anonymous().Login(t.Context(), address, "another horse battery"); err != nil {
		t.Fatal(err)
	}
	if _, err := running.Mails(t.Context(), address, testshop.PasswordChanged, 1); err != nil {
		t.Error(err)
	}
}

func TestANewAccountConfirmsItsAddress(t *testing.T) {
	t.Parallel()
	needsMails(t)
	address := email()
	client, _, err := anonymous().Register(t.Context(), address, password, "Ada Shopper")
	if err != nil {
		t.Fatal(err)
	}
	if meOf(t, client).EmailVerified {
		t.Error("a new account is verified")
	}
	page, token, err := running.MailToken(t.Context(), address, testshop.ConfirmEmail)
	if err != nil || page != running.URL()+"/confirm-email" {
		t.Fatalf("the link leads to %q, %v", page, err)
	}
	confirm := func() error {
		return anonymous().Do(t.Context(), http.MethodPost, "/v1/email-verifications/confirmation", map[string]string{"token": token}, nil)
	}
	if err := confirm(); err != nil || !meOf(t, client).EmailVerified {
		t.Fatalf("verified %t, %v", meOf(t, client).EmailVerified, err)
	}
	wantProblem(t, confirm(), http.StatusUnprocessableEntity, "invalid_mail_token")
}

func TestAskingForAPasswordTellsNothing(t *testing.T) {
	t.Parallel()
	known := email()
	if _, _, err := anonymous().Register(t.Context(), known, password, "Ada Shopper"); err != nil {
		t.Fatal(err)
	}
	var answers []string
	for _, address := range []string{known, email()} {
		got, err := anonymous().Send(t.Context(), http.MethodPost, "/v1/password-resets", map[string]string{"email": address})
		if err != nil {
			t.Fatal(err)
		}
		answers = append(answers, fmt.Sprintf("%d %q", got.Status, got.Body))
	}
	if answers[0] != answers[1] || answers[0] != `202 ""` {
		t.Errorf("%q", answers)
	}
	err := anonymous().Do(t.Context(), http.MethodPost, "/v1/password-resets", map[string]string{"email": "nobody"}, nil)
	wantProblem(t, err, http.StatusUnprocessableEntity, "validation_failed")
}

func TestACustomerChangesTheAddress(t *testing.T) {
	t.Parallel()
	needsMails(t)
	before, after, taken := email(), email(), email()
	client, session, err := anonymous().Register(t.Context(), before, password, "Ada Shopper")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := anonymous().Register(t.Context(), taken, password, "Bob Shopper"); err != nil {
		t.Fatal(err)
	}
	change := func(address, with string) error {
		return client.Do(t.Context(), http.MethodPut, "/v1/me/email", map[string]string{"email": address, "password": with}, nil)
	}
	changeFor := func(address string) { // whatever host the request claims to be for, the link leads to the configured pages
		asked, err := client.Send(t.Context(), http.MethodPut, "/v1/me/email", map[string]string{"email": address, "password": password},
			shop.Header{Name: "X-Forwarded-Host", Value: "evil.example"}, shop.Header{Name: "Forwarded", Value: "host=evil.example"},
			shop.Header{Name: "Referer", Value: "https://evil.example/"})
		if err != nil || asked.Status != http.StatusAccepted || len(asked.Body) != 0 {
			t.Fatalf("%+v, %v", asked, err)
		}
	}
	confirm := func(address string) error {
		page, token, err := running.MailToken(t.Context(), address, testshop.ChangeEmail)
		if err != nil || page != running.URL()+"/confirm-email" {
			t.Fatalf("the link leads to %q, %v", page, err)
		}
		return anonymous().Do(t.Context(), http.MethodPost, "/v1/email-verifications/confirmation", map[string]string{"token": token}, nil)
	}
	wantProblem(t, change(after, "wrong password"), http.StatusUnprocessableEntity, "validation_failed")
	changeFor(taken)
	wantProblem(t, confirm(taken), http.StatusUnprocessableEntity, "invalid_mail_token")
	changeFor(after)
	if _, err := running.Mails(t.Context(), before, testshop.EmailChangeRequested, 2); err != nil {
		t.Error(err)
	}
	if _, _, err := anonymous().Login(t.Context(), before, password); err != nil {
		t.Errorf("before the confirmation: %v", err)
	}
	if err := confirm(after); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, confirm(after), http.StatusUnprocessableEntity, "invalid_mail_token")
	if _, err := running.Mails(t.Context(), before, testshop.EmailChanged, 1); err != nil {
		t.Error(err)
	}
	_, _, err = anonymous().Login(t.Context(), before, password)
	wantProblem(t, err, http.StatusUnauthorized, "invalid_credentials")
	_, again, err := anonymous().Login(t.Context(), after, password)
	if err != nil || again.Customer.ID != session.Customer.ID || !meOf(t, client).EmailVerified {
		t.Errorf("%+v, %v", again.Customer, err)
	}
	if _, _, err := anonymous().Register(t.Context(), before, password, "Eve Shopper"); err != nil {
		t.Errorf("the old address is not free: %v", err)
	}
}

// A mail whose link leads to the host that a request names would bring the token to whoever sent the request.
func TestNoHostOfARequestGetsIntoALink(t *testing.T) {
	t.Parallel()
	needsMails(t)
	const evil = "evil.example"
	for name, header := range map[string]http.Header{
		"Host": {}, "X-Forwarded-Host": {"X-Forwarded-Host": {evil}}, "Forwarded": {"Forwarded": {"host=" + evil}},
		"X-Original-Host and Referer": {"X-Original-Host": {evil}, "Referer": {"https://" + evil}},
	} {
		t.Run(name, func(t *testing.T) {
			address := email()
			if _, _, err := anonymous().Register(t.Context(), address, password, "Ada Shopper"); err != nil {
				t.Fatal(err)
			}
			body := strings.NewReader(`{"email": "` + address + `"}`)
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, target.url+"/v1/password-resets", body)
			if err != nil {
				t.Fatal(err)
			}
			req.Header = header
			req.Header.Set("Content-Type", "application/json")
			if name == "Host" {
				req.Host = evil
			}
			resp, err := (&http.Client{Transport: shop.Held(http.DefaultTransport)}).Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusAccepted {
				t.Fatalf("%s", resp.Status)
			}
			page, _, err := running.MailToken(t.Context(), address, testshop.ResetPassword)
			if err != nil || page != running.URL()+"/reset-password" {
				t.Errorf("the link leads to %q, %v", page, err)
			}
		})
	}
	for _, m := range running.Stack.Mails().Mails() {
		if strings.Contains(m.Text+m.HTML+m.Subject, evil) {
			t.Errorf("a mail to %s has the host of a request: %s", m.To, m.Text)
		}
	}
}
