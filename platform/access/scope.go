package access

import (
	"slices"
	"strings"

	accessv1 "souk/proto/gen/souk/access/v1"
)

// scopePrefix is what the name of every value of the enum Scope begins with.
const scopePrefix = "SCOPE_"

// names has every scope, by the names in tokens.
var names = func() map[string]accessv1.Scope {
	all := map[string]accessv1.Scope{}
	for number := range accessv1.Scope_name {
		if scope := accessv1.Scope(number); scope != accessv1.Scope_SCOPE_UNSPECIFIED {
			all[ScopeName(scope)] = scope
		}
	}
	return all
}()

// ScopeName returns the name of a scope in tokens, for example orders:read.
func ScopeName(scope accessv1.Scope) string {
	return strings.Replace(strings.ToLower(strings.TrimPrefix(scope.String(), scopePrefix)), "_", ":", 1)
}

// ScopeNamed returns the scope with a name, and whether there is one.
func ScopeNamed(name string) (accessv1.Scope, bool) {
	scope, ok := names[name]
	return scope, ok
}

// AllScopes returns every scope.
func AllScopes() []accessv1.Scope {
	all := make([]accessv1.Scope, 0, len(names))
	for _, scope := range names {
		all = append(all, scope)
	}
	slices.Sort(all)
	return all
}

// ScopeText returns scopes as the scope claim of a token has them (RFC 8693, section 4.2).
func ScopeText(scopes []accessv1.Scope) string {
	var text []string
	for _, scope := range scopes {
		text = append(text, ScopeName(scope))
	}
	return strings.Join(text, " ")
}

// scopesIn returns the scopes that the claims of a token grant. Names that are not known are left out: a newer version of customers may
// have issued the token. A token of a version without scopes has no such claim; its role staff stands for every scope.
func scopesIn(claims *Claims) []accessv1.Scope {
	if claims.Scope == nil {
		if slices.Contains(claims.Roles, RoleStaff) {
			return AllScopes()
		}
		return nil
	}
	return scopesNamed(*claims.Scope)
}

// scopesNamed returns the scopes in a text that are known.
func scopesNamed(text string) []accessv1.Scope {
	var scopes []accessv1.Scope
	for name := range strings.SplitSeq(text, " ") {
		if scope, ok := ScopeNamed(name); ok {
			scopes = append(scopes, scope)
		}
	}
	return scopes
}
