package access_test

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"souk/e2e/access"
)

// caller is who makes a request, and how they show it.
type caller struct {
	name string
	// as is whose things they ask about.
	as    string
	token func(*testing.T, *people) string
	// bad says that the token is good for nothing.
	bad bool
	// guest says that the token is good for the order of a guest, and for nothing else.
	guest bool
}

var callers = []caller{
	{name: "anonymous", as: guest, token: func(*testing.T, *people) string { return "" }},
	{name: "owner", as: ada, token: tokenOf(ada)},
	{name: "another customer", as: bob, token: tokenOf(bob)},
	{name: "staff", as: staff, token: tokenOf(staff)},
	{name: "guest's token", as: ada, guest: true, token: ofGuest},
	{name: "expired token", as: ada, bad: true, token: expired},
	{name: "garbage token", as: ada, bad: true, token: func(*testing.T, *people) string { return "not.a.token" }},
	{name: "refresh token", as: ada, bad: true, token: func(_ *testing.T, p *people) string { return p.account(ada).refresh }},
}

func tokenOf(name string) func(*testing.T, *people) string {
	return func(_ *testing.T, p *people) string { return p.account(name).Token }
}

// The ids that a request can send, besides its caller's own.
const (
	own     = "own"
	another = "another's"
	missing = "missing"
)

// malformed ids are no ids at all.
var malformed = map[string]string{
	"malformed": "not-an-id", "long": strings.Repeat("x", 300), "traversal": "../../me", "injection": "' OR 1=1 --",
}

// spellings are what other parsers would take for the id.
func spellings(id string) map[string]string {
	return map[string]string{
		"in capitals": strings.ToUpper(id), "in braces": "{" + id + "}", "as a URN": "urn:uuid:" + id, "bare": strings.ReplaceAll(id, "-", ""),
	}
}

// cells counts those that were looked at.
var cells atomic.Int64

func TestEveryRouteAnswersEachCallerAboutEachID(t *testing.T) {
	t.Run("routes", func(t *testing.T) {
		for _, r := range tested(t) {
			t.Run(r.Name(), func(t *testing.T) {
				t.Parallel()
				checkDescription(t, &r)
				p := newPeople(t)
				// The successes come last: by then, no refusal may have had an effect.
				for _, who := range callers {
					checkRefusals(t, p, &r, who)
				}
				for _, who := range callers {
					checkSuccess(t, p, &r, who)
				}
			})
		}
	})
	t.Logf("measured: %d routes, %d cells", len(routes), cells.Load())
}

// checkDescription holds the test's own table to the contracts: each id is described, and route and RPC agree on who may.
func checkDescription(t *testing.T, r *routeTest) {
	t.Helper()
	var described []string
	ownedIDs := 0
	for name, id := range r.ids {
		described = append(described, name)
		if id.scope == owned {
			ownedIDs++
		}
	}
	slices.Sort(described)
	if got := r.idNames(); !slices.Equal(got, described) {
		t.Errorf("it takes the ids %v, and operations describes %v", got, described)
	}
	if r.rpc == "" {
		return
	}
	rule := r.rule()
	if rule == nil {
		t.Fatalf("there is no RPC %s", r.rpc)
	}
	if ownedIDs != len(rule.GetOwned()) {
		t.Errorf("operations describes %d owned ids, the rule of %s %v", ownedIDs, r.rpc, rule.GetOwned())
	}
	agree := map[access.Audience]bool{
		access.Anyone:   rule.GetAnyone() || slices.Contains(rule.GetServices(), "gateway") && rule.GetScope() == 0,
		access.Optional: rule.GetAnyone() || r.guests,
		access.Customer: rule.GetCustomer(),
		access.Scoped:   rule.GetScope() == r.Scope && !rule.GetCustomer() && !rule.GetAnyone(),
	}
	if !agree[r.Who] {
		t.Errorf("the route is for %s, and its RPC %s for %s", r.Who, r.rpc, rule)
	}
}

// actor is whose things the caller asks about. A stranger has none of their own but a cart.
func (r *routeTest) actor(p *people, who caller) *account {
	if who.as == guest && r.Who != access.Optional {
		return p.account(ada)
	}
	return p.account(who.as)
}

// refusal is what the caller is refused with whatever they ask about, or "".
func (r *routeTest) refusal(who caller) string {
	switch {
	case r.Who == access.Anyone:
		return ""
	case who.guest && r.takesGuests():
		return "not_found"
	case who.bad, who.guest, who.as == guest && r.Who != access.Optional:
		return "unauthenticated"
	case r.Who == access.Scoped && who.as != staff:
		return "forbidden"
	default:
		return ""
	}
}

// takesGuests reports whether the route takes the token of a guest.
func (r *routeTest) takesGuests() bool {
	return slices.ContainsFunc(*r.Operation.Security, func(s openapi3.SecurityRequirement) bool {
		_, ok := s["guest"]
		return ok
	})
}

// ofGuest returns a token for an order that nobody else asks about.
func ofGuest(t *testing.T, p *people) string {
	t.Helper()
	header, claims := parts(t, p.account(ada).Token)
	return signed(t, key(t), header, with(claims, object{"roles": []string{"guest"}, "sub": uuid.NewString()}))
}

var statusOf = map[string]int{
	"unauthenticated": http.StatusUnauthorized, "forbidden": http.StatusForbidden, "not_found": http.StatusNotFound,
}

// checkRefusals checks every cell of the caller that is not a success.
func checkRefusals(t *testing.T, p *people, r *routeTest, who caller) {
	t.Helper()
	req, token := r.prepare(p, r.actor(p, who)), who.token(t, p)
	if code := r.refusal(who); code != "" {
		refused(t, who, own, r.send(p, req, token), code)
		if r.Method == http.MethodGet && !who.guest {
			if got := send(t, http.MethodHead, r.url(req), bearer(token), nil); got.status != statusOf[code] {
				t.Errorf("%s, HEAD: %d, want %d", who.name, got.status, statusOf[code])
			}
		}
		for name, values := range r.ofOthers(p, who) {
			for kind, id := range values {
				refused(t, who, name+" "+kind, r.send(p, req.with(name, id), token), code)
			}
		}
		return
	}
	for name, values := range r.ofOthers(p, who) {
		nowhere := r.send(p, req.with(name, uuid.NewString()), token)
		for kind, id := range values {
			got := nowhere
			if kind != missing {
				got = r.send(p, req.with(name, id), token)
			}
			if r.lets(name, kind, who) {
				admitted(t, r, who, name+" "+kind, got)
				continue
			}
			if kind == "long" && !r.inPath(name) {
				invalid(t, who, name+" "+kind, got)
				continue
			}
			refused(t, who, name+" "+kind, got, "not_found")
			if got.likeness() != nowhere.likeness() {
				t.Errorf("%s, %s %s: answered otherwise than for what does not exist:\n%s\n%s", who.name, name, kind, got.likeness(), nowhere.likeness())
			}
		}
	}
}

// ofOthers returns, for each id that the route takes, the values that are not the caller's own, by kind.
func (r *routeTest) ofOthers(p *people, who caller) map[string]map[string]string {
	values := map[string]map[string]string{}
	for name, id := range r.ids {
		if who.as == guest && id.kind == ownAddress.kind {
			continue // no address of a guest is looked for
		}
		values[name] = map[string]string{missing: uuid.NewString()}
		for kind, text := range malformed {
			values[name][kind] = text
		}
		if id.scope != owned {
			continue
		}
		other := ada
		if who.as == ada {
			other = bob
		}
		theirs := p.thing(other, id.kind, id.make)
		values[name][another] = theirs
		for kind, spelled := range spellings(theirs) {
			values[name][another+" "+kind] = spelled
		}
	}
	return values
}

// lets reports whether the caller, who may use the route, may name that id.
func (r *routeTest) lets(name, kind string, who caller) bool {
	switch r.ids[name].scope {
	case owned:
		// Of the spellings, an id in capitals is the one that is taken.
		return who.as == staff && r.rule().GetScope() != 0 && (kind == another || kind == another+" in capitals")
	case anything:
		return kind != "long" || r.inPath(name)
	default:
		return false
	}
}

// checkSuccess checks that the caller, unless refused, is served about what is their own.
func checkSuccess(t *testing.T, p *people, r *routeTest, who caller) {
	t.Helper()
	if r.refusal(who) != "" {
		return
	}
	admitted(t, r, who, own, r.send(p, r.prepare(p, r.actor(p, who)), who.token(t, p)))
}

func refused(t *testing.T, who caller, about string, got answer, code string) {
	t.Helper()
	cells.Add(1)
	if problem := got.problem(); got.status != statusOf[code] || problem.Code != code {
		t.Errorf("%s, %s: %d %s, want %d %s", who.name, about, got.status, got.body, statusOf[code], code)
	}
	if challenge := got.header.Get("WWW-Authenticate"); (challenge == "Bearer") != (code == "unauthenticated") {
		t.Errorf("%s, %s: the challenge of a %s is %q", who.name, about, code, challenge)
	}
}

// invalid takes an id that the contract rules out by its form.
func invalid(t *testing.T, who caller, about string, got answer) {
	t.Helper()
	cells.Add(1)
	if got.status != http.StatusBadRequest && got.status != http.StatusUnprocessableEntity {
		t.Errorf("%s, %s: %d %s, want 400 or 422", who.name, about, got.status, got.body)
	}
}

func admitted(t *testing.T, r *routeTest, who caller, about string, got answer) {
	t.Helper()
	cells.Add(1)
	if !r.succeeded(got) {
		t.Errorf("%s, %s: %d %s, want a success", who.name, about, got.status, got.body)
	}
}

// inPath reports whether the route takes that id in its path; elsewhere the contract says how long it may be.
func (r *routeTest) inPath(name string) bool {
	return r.Operation.Parameters.GetByInAndName(openapi3.ParameterInPath, name) != nil
}
