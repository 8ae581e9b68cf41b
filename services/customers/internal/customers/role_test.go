package customers_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"souk/platform/access"

	"souk/services/customers/internal/customers"
)

// roleNames are what docs/identity.md calls the roles.
var roleNames = map[string]string{
	"owner": customers.RoleOwner, "manager": customers.RoleManager, "fulfilment": customers.RoleFulfilment,
	"support": customers.RoleSupport, "catalog": customers.RoleCatalog,
}

// documentedRoles returns the scopes of each role, as the table in docs/identity.md has them.
func documentedRoles(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../../../../docs/identity.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string][]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z]+)` \\| (.*) \\|$").FindAllStringSubmatch(string(text), -1) {
		for _, scope := range regexp.MustCompile("`([a-z]+:[a-z]+)`").FindAllStringSubmatch(row[2], -1) {
			documented[row[1]] = append(documented[row[1]], scope[1])
		}
	}
	return documented
}

func TestRolesGrantTheScopesThatAreDocumented(t *testing.T) {
	t.Parallel()
	documented := documentedRoles(t)
	documented["owner"] = strings.Fields(access.ScopeText(access.AllScopes()))
	if len(documented) != len(roleNames) {
		t.Errorf("docs/identity.md has the roles %v", documented)
	}
	for name, role := range roleNames {
		account := customers.Customer{Roles: []string{customers.RoleCustomer, role}}
		granted := strings.Fields(account.Scope())
		slices.Sort(documented[name])
		if !slices.Equal(granted, documented[name]) {
			t.Errorf("%s grants %v, and docs/identity.md says %v", name, granted, documented[name])
		}
		for _, scope := range granted {
			if _, ok := access.ScopeNamed(scope); !ok {
				t.Errorf("%s grants %s, which is no scope", name, scope)
			}
		}
	}
}

func TestScopesAreThoseOfAllRolesOfAnAccount(t *testing.T) {
	t.Parallel()
	for want, roles := range map[string][]string{
		"": {customers.RoleCustomer},
		"catalog:read catalog:write inventory:read":                                          {customers.RoleCustomer, customers.RoleCatalog},
		"catalog:read catalog:write inventory:read inventory:write orders:read orders:write": {customers.RoleCatalog, customers.RoleFulfilment},
	} {
		account := customers.Customer{Roles: roles}
		if got := account.Scope(); got != want {
			t.Errorf("%v grant %q, want %q", roles, got, want)
		}
	}
	unknown := customers.Customer{Roles: []string{"chief"}}
	if got := unknown.Scope(); got != "" {
		t.Errorf("an unknown role grants %q", got)
	}
}
