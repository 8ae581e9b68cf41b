package edge

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"souk/testkit/accesstest"
)

// forgotten asks for a new password.
func forgotten(email string) asked {
	return asked{method: "POST", path: "/v1/password-resets", body: `{"email": "` + email + `"}`}
}

func TestAMailboxIsNotFlooded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := limited(t)
		g.mustSignIn(t, "ada@example.com")
		if n := g.admitted(t, 300, everywhere(forgotten("ada@example.com"))); n != 10 {
			t.Errorf("strangers had %d mails sent at once, want 10", n)
		}
		// Its owner can still have one, from a network that the account knows, in any spelling.
		for _, spelling := range []string{"ada@example.com", "Ada@Example.com", " ada@example.com"} {
			g.ask(t, forgotten(spelling).at(home)).mustPass(t)
		}
		g.ask(t, forgotten("ada@example.com").at(home)).mustBe(t, http.StatusTooManyRequests, "rate_limited", "")
		// Mails and passwords have limits of their own.
		g.mustSignIn(t, "ada@example.com")
	})
}

func TestAnAddressWithoutAnAccountHasTheSameLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := limited(t)
		g.mustSignIn(t, "ada@example.com")
		for _, email := range []string{"ada@example.com", "nobody@example.com"} {
			var passed int
			for range 6 {
				a := g.ask(t, forgotten(email).at(away))
				if a.status != http.StatusTooManyRequests {
					passed++
				}
			}
			if passed != 3 {
				t.Errorf("%s: %d passed, want 3", email, passed)
			}
		}
	})
}

func TestStrangersMailsPerDayAreLimited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGuessing()
		defer g.stop()
		account, passed, tries := accountOf("ada@example.com"), 0, 0
		for range 24 * 60 {
			for _, client := range strangers(20) {
				if g.admitTry(g.mails, http.Header{}, account, client) == nil {
					passed++
				}
			}
			time.Sleep(time.Minute)
		}
		if passed > 298 {
			t.Errorf("20 strangers had %d mails sent in a day, want 298 at most", passed)
		}
		for g.admitTry(g.mails, http.Header{}, account, netip.MustParseAddr("203.0.113.9")) != nil {
			time.Sleep(time.Minute)
			tries++
		}
		t.Logf("measured: 20 strangers had %d mails sent in a day; the owner in a new network got one after %d minutes", passed, tries)
		if tries > 10 {
			t.Errorf("the owner in a new network got a mail after %d minutes", tries)
		}
	})
}

func TestAnAddressAsksForFewMails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := limited(t)
		next := func(i int) asked { return forgotten(fmt.Sprintf("person%d@example.com", i)) }
		if n := g.admitted(t, 1, next); n != 10 {
			t.Errorf("%d mails were asked for at once, want 10", n)
		}
		guess := asked{method: "POST", path: "/v1/email-verifications/confirmation", body: `{"token": "a guess"}`}
		g.ask(t, guess).mustBe(t, http.StatusTooManyRequests, "rate_limited", "")
		g.ask(t, login("ada@example.com")).mustPass(t)
	})
}

func TestACustomerHasFewConfirmationsSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := limited(t)
		confirmation := asked{method: "POST", path: "/v1/email-verifications", customer: "ada"}
		if n := g.admitted(t, 600, everywhere(confirmation)); n != 3 {
			t.Errorf("%d passed at once, want 3", n)
		}
		confirmation.customer = "bob"
		g.ask(t, confirmation).mustPass(t)
	})
}

func TestChangesOfTheAddressAreLimited(t *testing.T) {
	t.Parallel()
	newHome := func(i int) string { return fmt.Sprintf("new%d@example.com", i) }
	account := func(i int) string { return fmt.Sprintf("customer-%d", i) }
	for name, test := range map[string]struct {
		who        func(i int) (customer, email string)
		retryAfter int
	}{
		"of one account":             {func(i int) (string, string) { return "ada", newHome(i) }, 600},
		"to one address":             {func(i int) (string, string) { return account(i), "new@example.com" }, 300},
		"to spellings of an address": {func(i int) (string, string) { return account(i), strings.Repeat(" ", i%3) + "New@example.com" }, 300},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := limited(t)
				change := func(customer, email, session string) asked {
					token := accesstest.TokenOf(t, g.keys.private, keyID, customer, session, time.Now().Add(time.Hour))
					return asked{
						method: "PUT", path: "/v1/me/email", body: fmt.Sprintf(`{"email": %q, "password": "a guess"}`, email),
						header: map[string]string{"Authorization": "Bearer " + token},
					}
				}
				n := g.admitted(t, test.retryAfter, func(i int) asked {
					customer, email := test.who(i)
					return everywhere(change(customer, email, fmt.Sprint("session-", i)))(i)
				})
				if n != 10 {
					t.Errorf("%d passed at once, want 10", n)
				}
				g.ask(t, change("bob", "bob@example.com", "session of bob").at(away)).mustPass(t)
			})
		})
	}
}

func TestExportsOfAnAccountAreLimited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := limited(t)
		if n := g.admitted(t, 600, everywhere(asked{method: "GET", path: "/v1/me/export", customer: "ada"})); n != 5 {
			t.Errorf("%d passed at once, want 5", n)
		}
		g.ask(t, asked{method: "GET", path: "/v1/me/export", customer: "bob"}).mustPass(t)
	})
}
