package access_test

import (
	"net/http"
	"time"

	"github.com/pquerna/otp/totp"
)

// started starts a second factor of an account and returns its code.
func started(p *people, a *account) string {
	p.t.Helper()
	if a.Token == "" {
		return "000000"
	}
	var factor struct {
		Secret string `json:"secret"`
	}
	p.do(a, http.MethodPost, "/v1/me/second-factor", nil, &factor)
	code, err := totp.GenerateCode(factor.Secret, time.Now())
	if err != nil {
		p.t.Fatal(err)
	}
	return code
}

func firstCode(p *people, r *request) any { return object{"code": started(p, r.who)} }

// removal has a recovery code, because the code that has confirmed the second factor is used up.
func removal(p *people, r *request) any {
	return object{"password": r.who.password, "code": recoveryCode(p, r.who)}
}

// recoveryCode returns a code of the account's second factor, and adds a second factor if there is none. Only the removal of the second factor
// uses the code up.
func recoveryCode(p *people, a *account) string {
	p.t.Helper()
	if a.Token == "" {
		return "000000"
	}
	resp, err := a.Send(p.t.Context(), http.MethodPost, "/v1/me/second-factor", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	kept := "recovery code of " + a.name
	if resp.Status != http.StatusConflict {
		var confirmed struct {
			RecoveryCodes []string `json:"recovery_codes"`
		}
		p.do(a, http.MethodPost, "/v1/me/second-factor/confirmation", object{"code": started(p, a)}, &confirmed)
		p.things[kept] = confirmed.RecoveryCodes[0]
	}
	return p.things[kept]
}
