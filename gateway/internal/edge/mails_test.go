package edge

import (
	"fmt"
	"net/http"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
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
