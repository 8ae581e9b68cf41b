package access_test

import (
	"net/http"
	"os"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accessv1 "souk/proto/gen/souk/access/v1"

	"souk/deploy/local/stack"
	"souk/e2e/access"
	"souk/e2e/shop"
	"souk/e2e/testshop"
	platformaccess "souk/platform/access"
)

// documentedRoles returns the scopes of each role of staff, as docs/identity.md has them.
func documentedRoles(t *testing.T) map[string][]accessv1.Scope {
	t.Helper()
	text, err := os.ReadFile("../../docs/identity.md")
	if err != nil {
		t.Fatal(err)
	}
	roles := map[string][]accessv1.Scope{"owner": platformaccess.AllScopes()}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z]+)` \\| (.*) \\|$").FindAllStringSubmatch(string(text), -1) {
		for _, name := range regexp.MustCompile("`([a-z]+:[a-z]+)`").FindAllStringSubmatch(row[2], -1) {
			scope, ok := platformaccess.ScopeNamed(name[1])
			if !ok {
				t.Fatalf("docs/identity.md has %s, which is no scope", name[1])
			}
			roles[row[1]] = append(roles[row[1]], scope)
		}
	}
	if len(roles) < 5 {
		t.Fatalf("docs/identity.md has the roles %v", roles)
	}
	return roles
}

// boss is the first account of staff.
func boss(t *testing.T) *shop.Client {
	t.Helper()
	client, _, err := shop.New(running.URL()).Login(t.Context(), running.StaffEmail(), running.StaffPassword())
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// hire has the boss invite somebody with a role, who sets a password and signs in.
func hire(t *testing.T, role string) *account {
	t.Helper()
	a := &account{name: role, email: uuid.NewString() + "@example.com", password: password}
	var invited struct{ ID string }
	if err := boss(t).Do(t.Context(), http.MethodPost, "/v1/admin/staff", object{"email": a.email, "roles": []string{role}}, &invited); err != nil {
		t.Fatal(err)
	}
	_, token, err := running.MailToken(t.Context(), a.email, testshop.InviteStaff)
	if err != nil {
		t.Fatal(err)
	}
	anonymous := shop.New(running.URL())
	if err := anonymous.Do(t.Context(), http.MethodPost, "/v1/password-resets/confirmation", object{"token": token, "password": a.password}, nil); err != nil {
		t.Fatal(err)
	}
	client, session, err := anonymous.Login(t.Context(), a.email, a.password)
	if err != nil {
		t.Fatal(err)
	}
	a.Client, a.id, a.refresh = client, invited.ID, session.RefreshToken
	return a
}

func TestEveryRoleHasItsScopesOverEveryRouteAndRPC(t *testing.T) {
	for role, scopes := range documentedRoles(t) {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			a := hire(t, role)
			refused := 0
			for _, r := range routes {
				if r.Who != access.Scoped {
					continue
				}
				got := send(t, r.Method, bareURL(r), bearer(a.Token), nil)
				if forbidden := got.status == http.StatusForbidden; forbidden == slices.Contains(scopes, r.Scope) || got.status == http.StatusUnauthorized {
					t.Errorf("%s %s, for %s: %d %s", r.Method, r.Path, platformaccess.ScopeName(r.Scope), got.status, got.body)
				} else if forbidden {
					refused++
				}
			}
			refusedRPCs := checkRoleRPCs(t, rpcCaller{name: role, service: stack.Gateway, token: a.Token, customer: true, scopes: scopes})
			if role != "owner" && (refused == 0 || refusedRPCs == 0) {
				t.Errorf("%d routes and %d RPCs refused the role", refused, refusedRPCs)
			}
			t.Logf("measured: %d routes, %d of them refused; %d RPCs, %d of them refused", len(routes), refused, len(rpcs), refusedRPCs)
		})
	}
}

// checkRoleRPCs calls every RPC for a member of staff, and returns how many were refused. The token speaks for a real account: what
// changes the caller's own account is left out, and checked with tokens of nobody elsewhere.
func checkRoleRPCs(t *testing.T, who rpcCaller) (refused int) {
	t.Helper()
	conns := connections(t)
	for _, r := range rpcs {
		if r.Rule.GetCustomer() {
			continue
		}
		err := call(t, conns(r.Server(), who.service), r, who.token, newMessage(t, r.Method.Input()))
		switch want := who.expected(r); {
		case want == codes.OK && !letThrough(err), want != codes.OK && status.Code(err) != want:
			t.Errorf("%s for %s: %v, want %s", r.Path(), who.name, err, want)
		case want != codes.OK:
			refused++
		}
	}
	return refused
}

// The access token of a member of staff cannot be revoked. It lives for 5 minutes.
func TestADisabledMemberOfStaffGetsInNowhere(t *testing.T) {
	checked := 0
	for role := range documentedRoles(t) {
		a := hire(t, role)
		if err := boss(t).Do(t.Context(), http.MethodDelete, "/v1/admin/staff/"+a.id, nil, nil); err != nil {
			t.Fatal(err)
		}
		anonymous := shop.New(running.URL())
		for path, body := range map[string]object{
			"/v1/sessions": {"email": a.email, "password": a.password}, "/v1/sessions/refresh": {"refresh_token": a.refresh},
		} {
			if got, err := anonymous.Send(t.Context(), http.MethodPost, path, body); err != nil || got.Status != http.StatusUnauthorized {
				t.Errorf("%s, disabled: POST %s: %+v, %v", role, path, got, err)
			}
		}
		header, claims := parts(t, a.Token)
		if life := number(t, claims["exp"]) - number(t, claims["iat"]); life > 300 {
			t.Errorf("%s: an access token lives for %d s", role, life)
		}
		over := signed(t, key(t), header, with(claims, object{"exp": time.Now().Add(-time.Minute).Unix()}))
		for _, r := range protected() {
			checked++
			if got := send(t, r.Method, bareURL(r), bearer(over), nil); got.status != http.StatusUnauthorized {
				t.Errorf("%s, disabled: %s %s: %d %s", role, r.Method, r.Path, got.status, got.body)
			}
		}
	}
	t.Logf("measured: %d refusals", checked)
}

func number(t *testing.T, value any) int64 {
	t.Helper()
	n, err := value.(interface{ Int64() (int64, error) }).Int64()
	if err != nil {
		t.Fatal(err)
	}
	return n
}
