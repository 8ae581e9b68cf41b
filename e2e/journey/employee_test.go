package journey

import (
	"net/http"
	"testing"

	"souk/e2e/shop"
	"souk/e2e/testshop"
)

func TestAnEmployeeIsInvitedEnrolledRestrictedAndDisabled(t *testing.T) {
	t.Parallel()
	needsMails(t)
	const chosen = "another horse battery"
	boss, address := staff(t), email()
	var employee struct{ ID string }
	if err := boss.Do(t.Context(), http.MethodPost, "/v1/admin/staff", map[string]any{"email": address, "roles": []string{"manager"}}, &employee); err != nil {
		t.Fatal(err)
	}
	_, token, err := running.MailToken(t.Context(), address, testshop.InviteStaff)
	if err != nil {
		t.Fatal(err)
	}
	accept := map[string]string{"token": token, "password": chosen}
	if err := anonymous().Do(t.Context(), http.MethodPost, "/v1/password-resets/confirmation", accept, nil); err != nil {
		t.Fatal(err)
	}
	client, _, err := anonymous().Login(t.Context(), address, chosen)
	if err != nil {
		t.Fatal(err)
	}
	_, recovery := enroll(t, client)
	_, _, err = anonymous().Login(t.Context(), address, chosen)
	wantProblem(t, err, http.StatusUnauthorized, "second_factor_required")
	var session struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
	}
	login := func(code string) error {
		return anonymous().Do(t.Context(), http.MethodPost, "/v1/sessions", map[string]string{"email": address, "password": chosen, "code": code}, &session)
	}
	if err := login(recovery[0]); err != nil {
		t.Fatal(err)
	}
	manager := anonymous().As(session.AccessToken)
	may := func(c *shop.Client, path string) error { return c.Do(t.Context(), http.MethodGet, path, nil, nil) }
	if err := may(manager, "/v1/admin/orders"); err != nil {
		t.Error(err)
	}
	if err := may(manager, "/v1/admin/dependencies"); err != nil {
		t.Error(err)
	}
	wantProblem(t, may(manager, "/v1/admin/staff"), http.StatusForbidden, "forbidden")

	// Restricted: the next token has the scopes of the new role alone.
	if err := boss.Do(t.Context(), http.MethodPatch, "/v1/admin/staff/"+employee.ID, map[string]any{"roles": []string{"fulfilment"}}, nil); err != nil {
		t.Fatal(err)
	}
	refresh := func() error {
		return anonymous().Do(t.Context(), http.MethodPost, "/v1/sessions/refresh", map[string]string{"refresh_token": session.RefreshToken}, &session)
	}
	if err := refresh(); err != nil {
		t.Fatal(err)
	}
	packer := anonymous().As(session.AccessToken)
	if err := may(packer, "/v1/admin/orders"); err != nil {
		t.Error(err)
	}
	wantProblem(t, may(packer, "/v1/admin/dependencies"), http.StatusForbidden, "forbidden")

	// Disabled: no session goes on, and nobody signs in.
	if err := boss.Do(t.Context(), http.MethodDelete, "/v1/admin/staff/"+employee.ID, nil, nil); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, refresh(), http.StatusUnauthorized, "invalid_refresh_token")
	wantProblem(t, login(recovery[1]), http.StatusUnauthorized, "invalid_credentials")
}
