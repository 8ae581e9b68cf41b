package edge

import (
	"io"
	"net/http"
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	"souk/platform/access"
)

// The header fields as defined in draft-ietf-httpapi-ratelimit-headers-10, sections 3 and 4.
var (
	policyField = regexp.MustCompile(`^"([a-z-]+)";q=(\d+);w=(\d+)$`)
	limitField  = regexp.MustCompile(`^"([a-z-]+)";r=(\d+);t=(\d+)$`)
)

// mustTell checks the rate limit headers of an answer.
func (a reply) mustTell(t *testing.T, policy, state string) {
	t.Helper()
	if got := a.header.Get("RateLimit-Policy"); got != policy {
		t.Errorf("RateLimit-Policy %q, want %q", got, policy)
	}
	if got := a.header.Get("RateLimit"); got != state {
		t.Errorf("RateLimit %q, want %q", got, state)
	}
}

func TestAnswersOfLimitedOperationsHaveRateLimitHeaders(t *testing.T) {
	t.Parallel()
	g := limited(t)
	staff := g.keys.token(t, time.Hour, access.RoleStaff)
	for _, op := range contract(t) {
		for _, asking := range []string{"staff", "nobody", "staff with another method", "staff with a wrong query"} {
			r := op.request(t, &edgeServer{keys: g.keys, staff: staff})
			switch asking {
			case "nobody":
				delete(r.header, "Authorization")
			case "staff with another method":
				r.method = "PROPFIND"
			case "staff with a wrong query":
				r.path += "?unknown=1"
			}
			a := g.fromElsewhere(t, r)
			policy, state := policyField.FindStringSubmatch(a.header.Get("RateLimit-Policy")), limitField.FindStringSubmatch(a.header.Get("RateLimit"))
			if op.path == "/healthz" {
				if policy != nil || state != nil {
					t.Errorf("%s, which has no limit, tells of one", op.id)
				}
				continue
			}
			if policy == nil || state == nil || policy[1] != state[1] {
				t.Errorf("%s of %s is answered %d with RateLimit-Policy %q and RateLimit %q", op.id, asking, a.status, a.header.Get("RateLimit-Policy"), a.header.Get("RateLimit"))
			}
		}
	}
	a := g.ask(t, asked{method: "GET", path: "/v1/no/such/path"})
	a.mustTell(t, `"address";q=200;w=2`, `"address";r=199;t=1`)
}

// fromElsewhere sends a request from a new address.
func (g *gate) fromElsewhere(t *testing.T, r request) reply {
	t.Helper()
	g.elsewhere++
	a := asked{method: r.method, path: r.path, header: r.header, from: strangers(g.elsewhere)[g.elsewhere-1].String() + ":1000"}
	if r.body != nil {
		body, err := io.ReadAll(r.body)
		if err != nil {
			t.Fatal(err)
		}
		a.body = string(body)
	}
	return g.ask(t, a)
}

func TestTheHeadersDescribeTheLimitWithTheFewestRequestsLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := limited(t)
		g.ask(t, asked{method: "GET", path: "/v1/me", customer: "ada"}).mustTell(t, `"customer";q=100;w=2`, `"customer";r=99;t=1`)
		order := asked{method: "POST", path: "/v1/orders", customer: "ada"}
		g.ask(t, order).mustTell(t, `"customer-orders";q=10;w=10`, `"customer-orders";r=9;t=1`)
		g.admitted(t, 1, same(order))
		g.ask(t, order).mustTell(t, `"customer-orders";q=10;w=10`, `"customer-orders";r=0;t=10`)
		time.Sleep(3 * time.Second)
		g.ask(t, order).mustTell(t, `"customer-orders";q=10;w=10`, `"customer-orders";r=2;t=8`)
		g.ask(t, asked{method: "POST", path: "/v1/sessions/refresh"}).mustTell(t, `"address-refreshes";q=50;w=5`, `"address-refreshes";r=49;t=1`)
		change := asked{method: "PUT", path: "/v1/me/password", customer: "ada", from: away, body: changeOf("a guess")}
		g.ask(t, change).mustTell(t, `"session";q=10;w=600`, `"session";r=9;t=60`)
	})
}

func TestTheHeadersDoNotRevealKnownNetworks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := limited(t)
		g.mustSignIn(t, "ada@example.com")
		time.Sleep(time.Minute)
		known := g.ask(t, login("ada@example.com").at(home))
		time.Sleep(time.Minute)
		stranger := g.ask(t, login("grace@example.com").at(home))
		known.mustTell(t, `"address-passwords";q=20;w=4`, `"address-passwords";r=19;t=1`)
		stranger.mustTell(t, known.header.Get("RateLimit-Policy"), known.header.Get("RateLimit"))
	})
}

func TestWithoutLimitsThereAreNoRateLimitHeaders(t *testing.T) {
	t.Parallel()
	e := serveEdge(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, e.url+"/v1/products", nil)
	if err != nil {
		t.Fatal(err)
	}
	e.do(t, req).mustTell(t, "", "")
}
