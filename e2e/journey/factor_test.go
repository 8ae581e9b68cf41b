package journey

import (
	"net/http"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"souk/e2e/shop"
)

// enroll turns on a second factor, and returns the code that has confirmed it and the recovery codes.
func enroll(t *testing.T, c *shop.Client) (code string, recovery []string) {
	t.Helper()
	var factor struct {
		Secret string `json:"secret"`
	}
	if err := c.Do(t.Context(), http.MethodPost, "/v1/me/second-factor", nil, &factor); err != nil {
		t.Fatal(err)
	}
	code, err := totp.GenerateCode(factor.Secret, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	var confirmed struct {
		RecoveryCodes []string `json:"recovery_codes"`
	}
	if err := c.Do(t.Context(), http.MethodPost, "/v1/me/second-factor/confirmation", map[string]string{"code": code}, &confirmed); err != nil {
		t.Fatal(err)
	}
	return code, confirmed.RecoveryCodes
}

func TestALoginWithASecondFactor(t *testing.T) {
	t.Parallel()
	who := email()
	client, _, err := anonymous().Register(t.Context(), who, password, "Ada Shopper")
	if err != nil {
		t.Fatal(err)
	}
	code, recovery := enroll(t, client)
	login := func(with, code string) error {
		body := map[string]string{"email": who, "password": with, "code": code}
		return anonymous().Do(t.Context(), http.MethodPost, "/v1/sessions", body, nil)
	}
	wantProblem(t, login(password, ""), http.StatusUnauthorized, "second_factor_required")
	wantProblem(t, login("wrong password", ""), http.StatusUnauthorized, "invalid_credentials")
	wantProblem(t, login(password, code), http.StatusUnauthorized, "invalid_credentials") // it has confirmed the second factor
	if err := login(password, recovery[0]); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, login(password, recovery[0]), http.StatusUnauthorized, "invalid_credentials")
	removal := map[string]string{"password": password, "code": recovery[1]}
	if err := client.Do(t.Context(), http.MethodDelete, "/v1/me/second-factor", removal, nil); err != nil {
		t.Fatal(err)
	}
	if err := login(password, ""); err != nil {
		t.Error(err)
	}
}
