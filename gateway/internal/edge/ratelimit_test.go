package edge

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"souk/gateway/internal/policy"
	"souk/platform/access"
	"souk/testkit/securitytest"
)

// newTestLimits returns limits whose goroutines end with the test.
func newTestLimits(t *testing.T) *Limits {
	t.Helper()
	l := NewLimits([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")})
	t.Cleanup(func() {
		for _, one := range slices.Concat(l.browsing, l.passwords, l.refreshing, l.mailing, l.guesting, l.exchanging, networkLimiter{l.shopping, l.checkingOut, l.clientTokens}) {
			one.buckets.StopAllGoroutines()
		}
		l.guessing.stop()
	})
	return l
}

// gate is an edge with rate limits.
type gate struct {
	keys    *keys
	handler http.Handler
	// events are the recorded security events.
	events *securitytest.Events
	// elsewhere counts the addresses used by fromElsewhere.
	elsewhere int
}

func limited(t *testing.T) *gate {
	t.Helper()
	k := newKeys(t)
	events, limits := &securitytest.Events{}, newTestLimits(t)
	logger := slog.New(slog.NewJSONHandler(events, &slog.HandlerOptions{Level: slog.LevelError}))
	router, err := NewRouter(nil, Options{Verifier: access.NewVerifier(k), Limits: limits, Logger: logger}, pass, signIn)
	if err != nil {
		t.Fatal(err)
	}
	return &gate{keys: k, events: events, handler: Wrap(limits.Wrap(router, logger), logger, noRequestLog())}
}

// asked is a request to send repeatedly.
type asked struct {
	method, path, from string
	// customer is the customer whose token the request carries, "" for none.
	customer string
	body     string
	header   map[string]string
}

func (g *gate) ask(t *testing.T, a asked) reply {
	t.Helper()
	var body io.Reader
	if a.body != "" {
		body = strings.NewReader(a.body)
	}
	req := httptest.NewRequestWithContext(t.Context(), a.method, a.path, body)
	req.RemoteAddr = a.from
	if a.from == "" {
		req.RemoteAddr = "192.0.2.1:1000"
	}
	if a.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if a.customer != "" {
		req.Header.Set("Authorization", "Bearer "+g.keys.tokenOf(t, a.customer, time.Hour))
	}
	for name, value := range a.header {
		req.Header.Set(name, value)
	}
	recorder := httptest.NewRecorder()
	g.handler.ServeHTTP(recorder, req)
	mustBeDocumented(t, req, recorder.Code, recorder.Header(), recorder.Body.Bytes())
	return readReply(t, recorder.Code, recorder.Header(), recorder.Body.Bytes())
}

// admitted sends requests until one is refused, and returns how many were not. The refusal must have Retry-After: after.
func (g *gate) admitted(t *testing.T, after int, next func(i int) asked) int {
	t.Helper()
	for n := range 1000 {
		a := g.ask(t, next(n))
		if a.status != http.StatusTooManyRequests {
			continue
		}
		a.mustBe(t, http.StatusTooManyRequests, "rate_limited", "")
		if seconds, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || seconds != after {
			t.Errorf("Retry-After %q, want %d", a.header.Get("Retry-After"), after)
		}
		return n
	}
	t.Fatal("1000 requests at once passed")
	return 0
}

// same repeats one request.
func same(a asked) func(int) asked { return func(int) asked { return a } }

// everywhere repeats one request from many addresses.
func everywhere(a asked) func(int) asked {
	return func(i int) asked {
		a.from = fmt.Sprintf("198.51.%d.%d:1000", i/200, i%200)
		return a
	}
}

var products = asked{method: "GET", path: "/v1/products"}

func TestRequestsPerAddressAreLimited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := limited(t)
		if n := g.admitted(t, 1, same(products)); n != 200 {
			t.Errorf("%d requests passed at once, want 200", n)
		}
		// Another port belongs to the same client, another address does not.
		g.ask(t, asked{method: "GET", path: "/v1/nothing", from: "192.0.2.1:2000"}).mustBe(t, http.StatusTooManyRequests, "rate_limited", "")
		g.ask(t, asked{method: "GET", path: "/v1/products", from: "192.0.2.2:1000"}).mustPass(t)
		time.Sleep(time.Second)
		if n := g.admitted(t, 1, same(products)); n != 100 {
			t.Errorf("%d requests passed a second later, want 100", n)
		}
	})
}

func TestAnIPv6SubscriberCountsAsOneClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := limited(t)
		n := g.admitted(t, 1, func(i int) asked {
			return asked{method: "GET", path: "/v1/products", from: fmt.Sprintf("[2001:db8:0:1::%x]:1000", i)}
		})
		if n != 200 {
			t.Errorf("%d requests passed at once, want 200", n)
		}
		g.ask(t, asked{method: "GET", path: "/v1/products", from: "[2001:db8:0:2::1]:1000"}).mustPass(t)
	})
}

func TestRequestsFromAnIPv6SiteAreLimited(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		ask  asked
		from string
		want int
	}{
		"a /56":            {products, "[2001:db8:1:%x::1]:1000", 400},
		"a /48":            {products, "[2001:db8:1:%x00::1]:1000", 800},
		"passwords, a /56": {login("ada@example.com"), "[2001:db8:1:%x::1]:1000", 40},
		"passwords, a /48": {login("ada@example.com"), "[2001:db8:1:%x00::1]:1000", 80},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := limited(t)
				n := g.admitted(t, 1, func(i int) asked {
					a := test.ask
					a.from = fmt.Sprintf(test.from, i%256)
					if a.body != "" {
						a.body = login(fmt.Sprintf("account-%d@example.com", i)).body
					}
					return a
				})
				if n != test.want {
					t.Errorf("%d requests passed at once, want %d", n, test.want)
				}
				elsewhere := test.ask
				elsewhere.from = "[2001:db8:2::1]:1000"
				if a := g.ask(t, elsewhere); a.status == http.StatusTooManyRequests {
					t.Error("another site is refused")
				}
			})
		})
	}
}

func TestClientsBehindAProxyHaveSeparateLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := limited(t)
		behind := asked{method: "GET", path: "/v1/products", from: "10.0.0.1:1000", header: map[string]string{"X-Forwarded-For": "192.0.2.1"}}
		if n := g.admitted(t, 1, same(behind)); n != 200 {
			t.Errorf("%d requests passed at once, want 200", n)
		}
		behind.header = map[string]string{"X-Forwarded-For": "192.0.2.1, 192.0.2.2"}
		g.ask(t, behind).mustPass(t)
		// X-Forwarded-For is ignored if the sender is not a proxy.
		n := g.admitted(t, 1, func(i int) asked {
			return asked{method: "GET", path: "/v1/products", from: "192.0.2.3:1000", header: map[string]string{"X-Forwarded-For": fmt.Sprintf("198.51.100.%d", i%250)}}
		})
		if n != 200 {
			t.Errorf("%d requests of one that claims to be many passed, want 200", n)
		}
	})
}

func TestHealthChecksAreNotLimited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := limited(t)
		g.admitted(t, 1, same(products))
		g.ask(t, asked{method: "GET", path: "/healthz"}).mustPass(t)
		g.ask(t, asked{method: "GET", path: "/readyz"}).mustBe(t, http.StatusTooManyRequests, "rate_limited", "")
	})
}

// hashing lists all operations that hash a password.
var hashing = []asked{
	{method: "POST", path: "/v1/sessions"},
	{method: "POST", path: "/v1/customers"},
	{method: "PUT", path: "/v1/me/password"},
	{method: "PUT", path: "/v1/me/email"},
	{method: "DELETE", path: "/v1/me/second-factor"},
	{method: "POST", path: "/v1/me/deletion"},
	{method: "POST", path: "/v1/password-resets/confirmation"},
}

func TestPasswordRequestsHaveALowerLimit(t *testing.T) {
	t.Parallel()
	for _, one := range hashing {
		t.Run(one.path, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := limited(t)
				if n := g.admitted(t, 1, same(one)); n != 20 {
					t.Errorf("%d passed at once, want 20", n)
				}
				for _, other := range hashing {
					g.ask(t, other).mustBe(t, http.StatusTooManyRequests, "rate_limited", "")
				}
				for _, path := range []string{"/v1/sessions/refresh", "/v1/carts", "/v1/orders"} {
					if a := g.ask(t, asked{method: "POST", path: path}); a.status == http.StatusTooManyRequests {
						t.Errorf("POST %s is refused", path)
					}
				}
				elsewhere := one
				elsewhere.from = "192.0.2.2:1000"
				if a := g.ask(t, elsewhere); a.status == http.StatusTooManyRequests {
					t.Error("another address is refused")
				}
				time.Sleep(time.Second)
				if n := g.admitted(t, 1, same(one)); n != 5 {
					t.Errorf("%d passed a second later, want 5", n)
				}
			})
		})
	}
}

func TestEveryOperationWithAPasswordHasThePasswordCost(t *testing.T) {
	t.Parallel()
	var found int
	for _, op := range contract(t) {
		_, schema := op.body()
		takes := false
		if schema != nil {
			for name := range schema.Properties {
				takes = takes || strings.Contains(name, "password")
			}
		}
		cost := op.policy(t).Cost
		if takes != (cost == policy.Password) {
			t.Errorf("%s takes a password: %v, and its cost is %s", op.id, takes, cost)
		}
		if takes {
			found++
		}
	}
	if found != len(hashing) {
		t.Errorf("the contract has %d operations that hash a password, and %d are tested", found, len(hashing))
	}
}

func TestRefreshingHasALimitOfItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := limited(t)
		if n := g.admitted(t, 1, same(asked{method: "POST", path: "/v1/sessions/refresh"})); n != 50 {
			t.Errorf("%d passed at once, want 50", n)
		}
		if a := g.ask(t, asked{method: "POST", path: "/v1/sessions"}); a.status == http.StatusTooManyRequests {
			t.Error("logging in is refused")
		}
	})
}

func TestRequestsPerCustomerAreLimited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := limited(t)
		if n := g.admitted(t, 1, everywhere(asked{method: "GET", path: "/v1/me", customer: "ada"})); n != 100 {
			t.Errorf("%d passed at once, want 100", n)
		}
		g.ask(t, asked{method: "GET", path: "/v1/me", customer: "grace"}).mustPass(t)
	})
}

func TestCheckoutHasALimitOfItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := limited(t)
		order := asked{method: "POST", path: "/v1/orders", customer: "ada"}
		if n := g.admitted(t, 1, everywhere(order)); n != 10 {
			t.Errorf("%d passed at once, want 10", n)
		}
		g.ask(t, asked{method: "GET", path: "/v1/orders", customer: "ada"}).mustPass(t)
		order.customer = "grace"
		if a := g.ask(t, order); a.status == http.StatusTooManyRequests {
			t.Error("another customer is refused")
		}
	})
}

func TestLimitsRefill(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := limited(t)
		g.admitted(t, 1, same(products))
		time.Sleep(minMemory + time.Second)
		if n := g.admitted(t, 1, same(products)); n != 200 {
			t.Errorf("%d requests passed, want 200", n)
		}
	})
}

func TestLimitsApplyToConcurrentRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := limited(t)
		var admitted atomic.Int64
		var group sync.WaitGroup
		for i := range 400 {
			group.Go(func() {
				a := asked{method: "GET", path: "/v1/products", from: fmt.Sprintf("192.0.2.1:%d", 1000+i)}
				if g.ask(t, a).status == passed {
					admitted.Add(1)
				}
			})
		}
		group.Wait()
		if admitted.Load() != 200 {
			t.Errorf("%d requests passed, want 200", admitted.Load())
		}
	})
}

func TestWithoutLimitsNothingIsRefused(t *testing.T) {
	t.Parallel()
	e := serveEdge(t) // without limits
	for range 30 {
		r := request{method: "POST", path: "/v1/sessions", header: map[string]string{"Content-Type": "application/json"}, body: strings.NewReader(login("ada@example.com").body)}
		e.send(t, r).mustPass(t)
	}
	if next := http.NewServeMux(); (*Limits)(nil).Wrap(next, nil) != http.Handler(next) {
		t.Error("no limits stand before the handler")
	}
}
