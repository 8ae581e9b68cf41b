package edge

import (
	"context"
	"crypto/sha256"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/maypok86/otter/v2"

	"souk/gateway/internal/api"
	"souk/platform/access"
	"souk/platform/email"
	"souk/platform/service"
)

// How often the password of one account may be tried (docs/adr/0011-guessing-passwords.md).
var (
	// By all together who are strangers to the account: 1,460 times a day.
	byStrangers = limit{name: "account", whose: "passwords tried for this account", perSecond: 1.0 / 60, burst: 20}
	// By one stranger, who is left with 58 times a day. So few that twenty of them leave room for an owner who is on her way.
	byStranger = limit{name: "account-address", whose: "passwords tried for this account from this address", perSecond: 2.0 / 3600, burst: 10}
	// From a network that the account knows, and by a session of the account.
	byKnown   = limit{name: "account-address", whose: "passwords tried for this account from this address", perSecond: 1.0 / 30, burst: 10}
	bySession = limit{name: "session", whose: "passwords tried in this session", perSecond: 1.0 / 60, burst: 10}
)

const (
	// Networks that accounts know, in all.
	maxKnown = 100_000
	// How long an account knows a network after the last sign-in or refresh from it: as long as a session lasts.
	knownFor = 30 * 24 * time.Hour
)

// guessing limits how often the password of an account may be tried. Strangers have an allowance for each account, and the owner
// another, which strangers cannot use up: one for each network that the account knows, because it signed in from there, and one
// for each of its sessions.
type guessing struct {
	strangers *table
	stranger  *limiter
	// known has the networks that accounts know.
	known           *otter.Cache[string, struct{}]
	fromKnown       *table
	insideOfSession *table
}

func newGuessing() *guessing {
	return &guessing{
		strangers: newTable(byStrangers), stranger: newLimiter(byStranger), fromKnown: newTable(byKnown), insideOfSession: newTable(bySession),
		known: otter.Must(&otter.Options[string, struct{}]{
			MaximumSize: maxKnown, ExpiryCalculator: otter.ExpiryWriting[string, struct{}](knownFor),
		}),
	}
}

// slowGuesses is the middleware that refuses what tries the password of one account too often.
func (l *Limits) slowGuesses(next api.StrictHandlerFunc, _ string) api.StrictHandlerFunc {
	if l == nil {
		return next
	}
	return func(ctx context.Context, w http.ResponseWriter, r *http.Request, request any) (any, error) {
		client := l.proxies.client(r)
		if err := l.guessing.admit(ctx, w.Header(), client, request); err != nil {
			return nil, err
		}
		answer, err := next(ctx, w, r, request)
		if owner, ok := signedIn(answer); ok && err == nil {
			l.guessing.learn(accountOf(owner.Email), client)
		}
		return answer, err
	}
}

// admit refuses a request that tries a password once too often.
func (g *guessing) admit(ctx context.Context, header http.Header, client netip.Addr, request any) error {
	switch request := request.(type) {
	case api.CreateSessionRequestObject:
		return g.admitSignIn(header, accountOf(request.Body.Email), client)
	case api.ChangePasswordRequestObject, api.DeleteMeRequestObject:
		// By session, not by account: who has stolen a token tries the password slowly, and not in the owner's place.
		q := g.insideOfSession.take(access.FromContext(ctx).SessionID)
		q.note(header)
		return q.err()
	}
	return nil
}

// admitSignIn says how a client stands only when it is refused: whether an account knows a network is not for others to see.
func (g *guessing) admitSignIn(header http.Header, account string, client netip.Addr) error {
	if pair := knownPair(account, client); g.knows(pair) {
		return refusal(header, g.fromKnown.take(pair))
	}
	// The stranger's own allowance first, and it is spent on what the other one refuses, too: who does not stop has soon none
	// left, and the strangers' comes back to those who wait.
	networks := service.ClientNetworks(client)
	if err := refusal(header, g.stranger.take(account+networks[len(networks)-1].String())); err != nil {
		return err
	}
	return refusal(header, g.strangers.take(account))
}

func refusal(header http.Header, q quota) error {
	if q.wait > 0 {
		q.note(header)
	}
	return q.err()
}

// learn has the account know the client's network from now on. The right password is no guess: the allowance is whole again.
func (g *guessing) learn(account string, client netip.Addr) {
	pair := knownPair(account, client)
	g.known.Set(pair, struct{}{})
	g.fromKnown.forgive(pair)
}

func (g *guessing) knows(pair string) bool {
	_, ok := g.known.GetIfPresent(pair)
	return ok
}

// signedIn returns the customer to whom an answer gives tokens.
func signedIn(answer any) (api.Customer, bool) {
	switch answer := answer.(type) {
	case api.CreateSession201JSONResponse:
		return answer.Customer, true
	case api.RefreshSession200JSONResponse:
		return answer.Customer, true
	}
	return api.Customer{}, false
}

// accountOf returns what an account is known by here: one name for all spellings of its address, and no e-mail in our memory. An
// account that is not there is as slow to guess.
func accountOf(text string) string {
	address, ok := email.Canonical(text)
	if !ok { // an account of an earlier version may have it
		address = strings.Join(email.Spellings(text), "")
	}
	sum := sha256.Sum256([]byte(address))
	return string(sum[:])
}

func knownPair(account string, client netip.Addr) string {
	return account + service.ClientNetwork(client).String()
}
