package edge

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"souk/testkit/accesstest"

	"souk/gateway/internal/api"
)

const rightPassword = "correct horse"

// signIn replaces the handlers for sign-in and refresh. All accounts have the password rightPassword, and the refresh token is
// the owner's e-mail address.
func signIn(next api.StrictHandlerFunc, _ string) api.StrictHandlerFunc {
	return func(ctx context.Context, w http.ResponseWriter, r *http.Request, request any) (any, error) {
		switch request := request.(type) {
		case api.CreateSessionRequestObject:
			if request.Body.Email != nil && request.Body.Password != nil && *request.Body.Password == rightPassword {
				return api.CreateSession201JSONResponse(sessionOf(strings.ToLower(*request.Body.Email))), nil
			}
		case api.RefreshSessionRequestObject:
			if strings.Contains(request.Body.RefreshToken, "@") {
				return api.RefreshSession200JSONResponse(sessionOf(request.Body.RefreshToken)), nil
			}
		}
		return next(ctx, w, r, request)
	}
}

func sessionOf(email string) api.Session {
	return api.Session{TokenType: api.SessionTokenTypeBearer, Customer: api.Customer{Email: email, Roles: []api.Role{}}}
}

// stop ends the background goroutines of the caches.
func (g *guessing) stop() {
	g.known.StopAllGoroutines()
	g.signIns.stranger.buckets.StopAllGoroutines()
	g.mails.stranger.buckets.StopAllGoroutines()
}

// login is a sign-in with a wrong password.
func login(email string) asked {
	return asked{method: "POST", path: "/v1/sessions", body: fmt.Sprintf(`{"email": %q, "password": "a guess"}`, email)}
}

// rightLogin is a sign-in with the right password.
func rightLogin(email string) asked {
	return asked{method: "POST", path: "/v1/sessions", body: fmt.Sprintf(`{"email": %q, "password": %q}`, email, rightPassword)}
}

func (a asked) at(from string) asked {
	a.from = from
	return a
}

// mustSignIn signs in from the home network with the right password.
func (g *gate) mustSignIn(t *testing.T, email string) {
	t.Helper()
	if a := g.ask(t, rightLogin(email).at(home)); a.status != http.StatusCreated {
		t.Fatalf("the owner is answered %d: %s", a.status, a.body)
	}
}

// The owner's network, and a network that she has never used.
const home, away = "192.0.2.1:1000", "203.0.113.9:1000"

func TestStrangersDoNotLockTheOwnerOut(t *testing.T) {
	t.Parallel()
	for _, addresses := range []int{1, 20, 1000} {
		t.Run(fmt.Sprint(addresses), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := limited(t)
				g.mustSignIn(t, "ada@example.com")
				for round := range 3 {
					var refused int
					for i := range max(addresses, 100) {
						a := g.ask(t, everywhere(login("ada@example.com"))(i%addresses))
						if a.status == http.StatusTooManyRequests {
							refused++
						}
					}
					if refused == 0 {
						t.Error("no attempt is refused")
					}
					// The owner mistypes her password too.
					for range 5 {
						g.ask(t, login("Ada@example.com").at(home)).mustPass(t)
					}
					g.mustSignIn(t, "ADA@example.com")
					if a := g.ask(t, asked{method: "POST", path: "/v1/sessions/refresh", body: `{"refresh_token": "ada@example.com"}`}); a.status != http.StatusOK {
						t.Errorf("in round %d the refresh is answered %d", round, a.status)
					}
					change := asked{method: "PUT", path: "/v1/me/password", customer: "ada", from: home, body: changeOf("a guess")}
					g.ask(t, change).mustPass(t)
					time.Sleep(time.Hour)
				}
			})
		})
	}
}

func TestAfterARestartARefreshMakesTheOwnersNetworkKnown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := limited(t)
		if a := g.ask(t, asked{method: "POST", path: "/v1/sessions/refresh", from: home, body: `{"refresh_token": "ada@example.com"}`}); a.status != http.StatusOK {
			t.Fatalf("the refresh is answered %d", a.status)
		}
		g.ask(t, asked{method: "POST", path: "/v1/sessions/refresh", from: away, body: `{"refresh_token": "made up"}`}).mustPass(t)
		g.admitted(t, 60, everywhere(login("ada@example.com")))
		g.mustSignIn(t, "ada@example.com")
		g.ask(t, rightLogin("ada@example.com").at(away)).mustBe(t, http.StatusTooManyRequests, "rate_limited", "")
	})
}

func TestANetworkIsKnownForThirtyDays(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	synctest.Test(t, func(t *testing.T) {
		g := newGuessing()
		defer g.stop()
		account, client := accountOf("ada@example.com"), netip.MustParseAddr("192.0.2.1")
		pair := knownPair(account, client)
		g.learn(account, client)
		time.Sleep(5 * day)
		g.learn(account, client)
		time.Sleep(29 * day)
		// A wrong password does not extend the time.
		if err := g.admitTry(g.signIns, http.Header{}, account, client); err != nil || !g.knows(pair) {
			t.Errorf("29 days after the last sign-in: known %t, %v", g.knows(pair), err)
		}
		time.Sleep(day + time.Minute)
		if g.knows(pair) {
			t.Error("the network is known for more than 30 days")
		}
	})
}

func TestStrangersTogetherHaveALimitPerAccount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := limited(t)
		if n := g.admitted(t, 60, everywhere(login("ada@example.com"))); n != 20 {
			t.Errorf("%d guesses passed at once, want 20", n)
		}
		for _, spelling := range []string{"ADA@Example.com", " ada@example.com "} {
			g.ask(t, login(spelling).at(away)).mustBe(t, http.StatusTooManyRequests, "rate_limited", "")
		}
		g.ask(t, login("grace@example.com")).mustPass(t)
		time.Sleep(3 * time.Minute)
		if n := g.admitted(t, 60, everywhere(login("ada@example.com"))); n != 3 {
			t.Errorf("%d guesses passed three minutes later, want 3", n)
		}
	})
}

func TestSpellingsOfAnAddressShareOneLimit(t *testing.T) {
	t.Parallel()
	for first, others := range map[string][]string{
		"x@bücher.example":      {"x@xn--bcher-kva.example", "X@BU\u0308CHER.example", "x@bücher。example"},
		"jos\u00e9@example.com": {"jose\u0301@example.com", "JOSÉ@example.com"},
		"z\u200b@example.com":   {"Z\u200b@Example.com", " z\u200b@example.com"}, // an account from an earlier version
	} {
		synctest.Test(t, func(t *testing.T) {
			g := limited(t)
			g.admitted(t, 60, everywhere(login(first)))
			for _, spelling := range others {
				g.ask(t, login(spelling).at(away)).mustBe(t, http.StatusTooManyRequests, "rate_limited", "")
			}
		})
	}
}

func TestAStrangerHasALimitPerAccount(t *testing.T) {
	t.Parallel()
	for name, from := range map[string]string{"one address": "192.0.2.7:%d", "a /48": "[2001:db8:1:%x::1]:1000"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := limited(t)
				guess := func(i int) asked { return login("ada@example.com").at(fmt.Sprintf(from, i+1)) }
				if n := g.admitted(t, 30*60, guess); n != 10 {
					t.Errorf("%d guesses passed at once, want 10", n)
				}
				time.Sleep(time.Hour)
				if n := g.admitted(t, 30*60, guess); n != 2 {
					t.Errorf("%d guesses passed an hour later, want 2", n)
				}
			})
		})
	}
}

func TestAKnownNetworkHasALimitToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := limited(t)
		g.mustSignIn(t, "ada@example.com")
		if n := g.admitted(t, 30, same(login("ada@example.com").at(home))); n != 10 {
			t.Errorf("%d guesses passed at once, want 10", n)
		}
		// The network is known only for this account.
		g.ask(t, login("grace@example.com").at(home)).mustPass(t)
	})
}

func TestARightPasswordResetsTheLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := limited(t)
		for range 100 {
			g.mustSignIn(t, "ada@example.com")
			time.Sleep(time.Second / 5) // because an address may try five passwords a second
		}
	})
}

// changeOf returns the request body for changing the password.
func changeOf(current string) string {
	return fmt.Sprintf(`{"current_password": %q, "new_password": "a longer one still"}`, current)
}

func TestASessionHasItsOwnLimitOfPasswordAttempts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := limited(t)
		change := asked{method: "PUT", path: "/v1/me/password", customer: "ada", body: changeOf("a guess")}
		if n := g.admitted(t, 60, everywhere(change)); n != 10 {
			t.Errorf("%d guesses passed at once, want 10", n)
		}
		deletion := asked{method: "POST", path: "/v1/me/deletion", customer: "ada", body: `{"password": "a guess"}`}
		g.ask(t, deletion).mustBe(t, http.StatusTooManyRequests, "rate_limited", "")
		// The owner's own session, and a sign-in, still work.
		change.header = map[string]string{"Authorization": "Bearer " + accesstest.TokenOf(t, g.keys.private, keyID, "ada", "session-2", time.Now().Add(time.Hour))}
		g.ask(t, change).mustPass(t)
		g.mustSignIn(t, "ada@example.com")
	})
}

// strangers returns n clients with different addresses.
func strangers(n int) []netip.Addr {
	addrs := make([]netip.Addr, n)
	for i := range addrs {
		addrs[i] = netip.AddrFrom4([4]byte{198, 51, byte(i / 256), byte(i % 256)})
	}
	return addrs
}

func TestStrangersAttemptsPerDayAreLimited(t *testing.T) {
	t.Parallel()
	for _, addresses := range []int{1, 20, 100} {
		t.Run(fmt.Sprint(addresses), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := newGuessing()
				defer g.stop()
				account, passed := accountOf("ada@example.com"), 0
				for range 24 * 60 {
					for _, client := range strangers(addresses) {
						if g.admitTry(g.signIns, http.Header{}, account, client) == nil {
							passed++
						}
					}
					time.Sleep(time.Minute)
				}
				t.Logf("%d addresses tried %d passwords in a day", addresses, passed)
				if most := min(1460, 58*addresses); passed > most {
					t.Errorf("%d addresses tried %d passwords in a day, want %d at most", addresses, passed, most)
				}
			})
		})
	}
}

func TestAnOwnerInANewNetworkCanSignInDuringAnAttack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGuessing()
		defer g.stop()
		account := accountOf("ada@example.com")
		guess := func(minutes int) {
			for range minutes {
				for _, client := range strangers(20) {
					_ = g.admitTry(g.signIns, http.Header{}, account, client)
				}
				time.Sleep(time.Minute)
			}
		}
		guess(24 * 60)
		tries := 1
		for g.admitTry(g.signIns, http.Header{}, account, netip.MustParseAddr("203.0.113.9")) != nil {
			guess(1)
			tries++
		}
		if tries > 5 {
			t.Errorf("the owner got in at her %dth try, one a minute", tries)
		}
	})
}

func TestManyAccountsDoNotResetTheLimitOfOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGuessing()
		defer g.stop()
		account := accountOf("ada@example.com")
		for _, client := range strangers(20) {
			if err := g.admitTry(g.signIns, http.Header{}, account, client); err != nil {
				t.Fatal(err)
			}
		}
		for i := range maxClients + maxClients/2 {
			_ = g.admitTry(g.signIns, http.Header{}, fmt.Sprint("account ", i), strangers(1)[0])
		}
		if g.admitTry(g.signIns, http.Header{}, account, netip.MustParseAddr("203.0.113.9")) == nil {
			t.Error("another guess passed")
		}
	})
}

func TestATableLimitsConcurrentRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		table := newTable(limit{perSecond: 1, burst: 50})
		passed := make(chan bool, 200)
		for range cap(passed) {
			go func() { passed <- table.take("client").wait == 0 }()
		}
		n := 0
		for range cap(passed) {
			if <-passed {
				n++
			}
		}
		if n != 50 {
			t.Errorf("%d passed at once, want 50", n)
		}
		time.Sleep(10 * time.Second)
		if q := table.take("client"); q.wait != 0 || q.left != 9 {
			t.Errorf("after ten seconds one more leaves %v (wait %v), want 9", q.left, q.wait)
		}
		table.forgive("client")
		if q := table.take("client"); q.left != 49 {
			t.Errorf("a client that was forgiven has %v left, want 49", q.left)
		}
	})
}

// The gateway does not know which accounts have a second factor, so that a guess of a code is an attempt like any other.
func TestCodesHaveTheLimitsOfPasswords(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := limited(t)
		code := asked{method: "POST", path: "/v1/sessions", body: `{"email": "ada@example.com", "password": "a guess", "code": "492039"}`}
		if n := g.admitted(t, 60, everywhere(code)); n != 20 {
			t.Errorf("%d codes passed at once, want 20", n)
		}
		g.ask(t, login("ada@example.com").at(away)).mustBe(t, http.StatusTooManyRequests, "rate_limited", "")
		confirmation := asked{method: "POST", path: "/v1/me/second-factor/confirmation", customer: "ada", body: `{"code": "492039"}`}
		if n := g.admitted(t, 60, everywhere(confirmation)); n != 10 {
			t.Errorf("%d codes passed in a session, want 10", n)
		}
		removal := asked{method: "DELETE", path: "/v1/me/second-factor", customer: "ada", body: `{"password": "a guess", "code": "492039"}`}
		g.ask(t, removal).mustBe(t, http.StatusTooManyRequests, "rate_limited", "")
	})
}
