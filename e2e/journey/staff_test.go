package journey

import (
	"slices"
	"strings"
	"testing"
)

func TestAnOperatorMakesStaffByCommand(t *testing.T) {
	t.Parallel()
	if running == nil {
		t.Skip("the shop is someone else's")
	}
	who := email()
	c, _, err := anonymous().Register(t.Context(), who, password, "Ada")
	if err != nil {
		t.Fatal(err)
	}
	wantProblem(t, c.Do(t.Context(), "GET", "/v1/admin/orders", nil, nil), 403, "forbidden")
	var out strings.Builder
	if err := running.Staff(t.Context(), []string{"promote", who}, &out); err != nil {
		t.Fatal(err)
	}
	words := strings.Fields(out.String())
	_, _, err = anonymous().Login(t.Context(), who, password)
	wantProblem(t, err, 401, "invalid_credentials")
	c, session, err := anonymous().Login(t.Context(), who, words[len(words)-1])
	if err != nil || !slices.Contains(session.Customer.Roles, "staff") {
		t.Fatalf("login with the password printed: %v with the roles %v, want staff", err, session.Customer.Roles)
	}
	if err := c.Do(t.Context(), "GET", "/v1/admin/orders", nil, nil); err != nil {
		t.Errorf("orders for staff: %v", err)
	}
}
