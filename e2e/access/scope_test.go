package access_test

import (
	"strings"
	"sync/atomic"
	"testing"

	accessv1 "souk/proto/gen/souk/access/v1"

	"souk/e2e/access"
	platformaccess "souk/platform/access"
)

// scopedToken is the account's token with these scopes instead of its own.
func scopedToken(t *testing.T, a *account, scopes ...accessv1.Scope) string {
	t.Helper()
	header, claims := parts(t, a.Token)
	return signed(t, key(t), header, with(claims, object{"scope": platformaccess.ScopeText(scopes)}))
}

// allBut are the other scopes.
func allBut(scope accessv1.Scope) []accessv1.Scope {
	var others []accessv1.Scope
	for _, other := range platformaccess.AllScopes() {
		if other != scope {
			others = append(others, other)
		}
	}
	return others
}

func TestEveryRouteWithAScopeServesWhoeverHasItAndNobodyElse(t *testing.T) {
	var refusals, routes atomic.Int64
	t.Run("routes", func(t *testing.T) {
		for _, r := range tested(t) {
			if r.Who != access.Scoped {
				continue
			}
			routes.Add(1)
			t.Run(r.Name(), func(t *testing.T) {
				t.Parallel()
				p := newPeople(t)
				req := r.prepare(p, p.account(ada))
				tokens := map[string]string{
					"no scope": p.account(ada).Token, "an empty scope": scopedToken(t, p.account(ada)),
					"every other scope": scopedToken(t, p.account(ada), allBut(r.Scope)...),
				}
				for _, other := range allBut(r.Scope) {
					tokens[platformaccess.ScopeName(other)] = scopedToken(t, p.account(ada), other)
				}
				for name, token := range tokens {
					got := r.send(p, req, token)
					refused(t, caller{name: name}, own, got, "forbidden")
					if detail := got.problem().Detail; !strings.Contains(detail, platformaccess.ScopeName(r.Scope)) {
						t.Errorf("%s: %q does not name %s", name, detail, platformaccess.ScopeName(r.Scope))
					}
					refusals.Add(1)
				}
				admitted(t, &r, caller{name: "the scope alone"}, own, r.send(p, req, scopedToken(t, p.account(ada), r.Scope)))
				header, claims := parts(t, p.account(bob).Token)
				earlier := signed(t, key(t), header, with(claims, object{"roles": []string{"customer", "staff"}}))
				admitted(t, &r, caller{name: "staff, with a token of an earlier version"}, own, r.send(p, r.prepare(p, p.account(bob)), earlier))
			})
		}
	})
	t.Logf("measured: %d routes, %d refusals", routes.Load(), refusals.Load())
}

// Routes for customers may serve others by a scope, too: the rule of the RPC has it.
func TestWhatIsAnothersIsThereForItsScopeAlone(t *testing.T) {
	found := 0
	for _, r := range tested(t) {
		rule := r.rule()
		if r.Who != access.Customer || rule.GetScope() == 0 {
			continue
		}
		found++
		t.Run(r.Name(), func(t *testing.T) {
			t.Parallel()
			p := newPeople(t)
			theirs := r.prepare(p, p.account(ada))
			for _, scope := range platformaccess.AllScopes() {
				got := r.send(p, theirs, scopedToken(t, p.account(bob), scope))
				if name := platformaccess.ScopeName(scope); scope == rule.GetScope() {
					admitted(t, &r, caller{name: name}, another, got)
				} else {
					refused(t, caller{name: name}, another, got, "not_found")
				}
			}
		})
	}
	if found < 2 {
		t.Errorf("only %d routes were looked at", found)
	}
}
