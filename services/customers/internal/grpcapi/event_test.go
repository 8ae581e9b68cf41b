package grpcapi_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/platform/security"
)

// kinds returns the kinds of the security events in the log, in their order.
func (b *bundle) kinds(t *testing.T) (kinds []security.Kind) {
	t.Helper()
	for line := range strings.Lines(b.log.String()) {
		var event struct {
			Log   string
			Event security.Kind
		}
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatal(err)
		}
		if event.Log == "security" {
			kinds = append(kinds, event.Event)
		}
	}
	return kinds
}

func TestTheLifeOfAnAccountIsLoggedAsSecurityEvents(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, session := b.signIn(t, email)
	const wrong, nobody = "wrong password", "nobody@example.com"
	_, _ = b.Login(t.Context(), &customersv1.LoginRequest{Email: email, Password: wrong})
	_, _ = b.Login(t.Context(), &customersv1.LoginRequest{Email: nobody, Password: wrong})
	_, _ = b.ChangePassword(ctx, &customersv1.ChangePasswordRequest{CurrentPassword: wrong, NewPassword: newPassword})
	if _, err := b.ChangePassword(ctx, &customersv1.ChangePasswordRequest{CurrentPassword: password, NewPassword: newPassword}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Logout(ctx, &customersv1.LogoutRequest{}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.DeleteAccount(ctx, &customersv1.DeleteAccountRequest{Password: newPassword}); err != nil {
		t.Fatal(err)
	}
	b.stop()
	want := []security.Kind{
		security.AccountOpened, security.SignInSucceeded, security.SignInFailed, security.SignInFailed, security.PasswordConfirmationFailed,
		security.PasswordChanged, security.SignedOut, security.AccountDeleted,
	}
	if got := b.kinds(t); !slices.Equal(got, want) {
		t.Errorf("events %q, want %q", got, want)
	}
	log := b.log.String()
	if n := strings.Count(log, `"subject":"`+session.GetCustomer().GetId()+`"`); n != len(want)-1 {
		t.Errorf("%d events are about the account, want all but the sign-in of nobody:\n%s", n, log)
	}
	for _, secret := range []string{wrong, password, newPassword, nobody, email} {
		if strings.Contains(log, secret) {
			t.Errorf("the log has %q", secret)
		}
	}
}
