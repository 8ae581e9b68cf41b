package customers

import (
	"slices"
	"strings"

	"souk/platform/access"
)

// Roles of an account. All but RoleCustomer are of staff and grant scopes.
const (
	RoleCustomer = "customer"
	// RoleOwner is stored as staff, the only role that versions without scopes know. They let it do everything, so that no other role of
	// staff may be stored under this name.
	RoleOwner      = "staff"
	RoleManager    = "manager"
	RoleFulfilment = "fulfilment"
	RoleSupport    = "support"
	RoleCatalog    = "catalog"
	// RoleDisabled is the only role of an account of staff that is disabled. Nobody can sign in to it.
	RoleDisabled = "disabled"
)

// scopesOf has the scopes that each role grants (docs/identity.md).
var scopesOf = map[string][]string{
	RoleOwner: strings.Fields(access.ScopeText(access.AllScopes())),
	RoleManager: {
		"catalog:read", "catalog:write", "inventory:read", "inventory:write", "orders:read", "orders:write",
		"payments:read", "payments:write", "customers:read", "operations:read",
	},
	RoleFulfilment: {"inventory:read", "inventory:write", "orders:read", "orders:write"},
	RoleSupport:    {"catalog:read", "inventory:read", "orders:read", "orders:write", "payments:read", "customers:read"},
	RoleCatalog:    {"catalog:read", "catalog:write", "inventory:read"},
}

// Scope returns the names of the scopes that the account's roles grant, as the scope claim of a token has them.
func (c *Customer) Scope() string {
	var names []string
	for _, role := range c.Roles {
		names = append(names, scopesOf[role]...)
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), " ")
}

// guarded are the scopes that move money or grant roles. A setting withholds them from accounts without a second factor.
var guarded = []string{"clients:write", "payments:write", "staff:write"}

// withhold marks the account as one whose tokens get no guarded scope.
func (c *Customer) withhold() { c.withheld = true }

// Withheld returns the names of the scopes that the account's tokens do not have for want of a second factor, as a scope claim has them.
func (c *Customer) Withheld() string {
	if !c.withheld {
		return ""
	}
	return strings.Join(slices.DeleteFunc(strings.Fields(c.Scope()), func(name string) bool { return !slices.Contains(guarded, name) }), " ")
}

// Granted returns the names of the scopes that the account's tokens have.
func (c *Customer) Granted() string {
	withheld := strings.Fields(c.Withheld())
	return strings.Join(slices.DeleteFunc(strings.Fields(c.Scope()), func(name string) bool { return slices.Contains(withheld, name) }), " ")
}

// staff reports whether the account is one of staff.
func (c *Customer) staff() bool {
	return slices.ContainsFunc(c.Roles, func(role string) bool { return scopesOf[role] != nil })
}
