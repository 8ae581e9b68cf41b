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

// How often the password of one account may be tried (docs/adr/0011-guessing-passwords.md). A stranger is a client in a network
// that the account does not know.
var (
	// By all strangers together: 1,460 times a day.
	byStrangers = limit{name: "account", whose: "passwords tried for this account", perSecond: 1.0 / 60, burst: 20}
	// By one stranger: 58 times a day. That is so few that twenty strangers do not use up what all may do together, and an owner in a
	// new network can still sign in.
	byStranger = limit{name: "account-address", whose: "passwords tried for this account from this address", perSecond: 2.0 / 3600, burst: 10}
	// From one network that the account knows.
	byKnown = limit{name: "account-address", whose: "passwords tried for this account from this address", perSecond: 1.0 / 30, burst: 10}
	// By one session of the account.
	bySession = limit{name: "session", whose: "passwords tried in this session", perSecond: 1.0 / 60, burst: 10}
)

const (
	// The most networks that are remembered, of all accounts together.
	maxKnown = 100_000
	// How long an account knows a network after the last sign-in or refresh from it: as long as a session lasts.
	knownFor = 30 * 24 * time.Hour
)

// guessing limits how often the password of an account may be tried. An account knows the networks from which it signed in. Each of
// them has an allowance of its own, and so has each session of the account, so that strangers cannot use up the owner's.
type guessing struct {
	strangers *table
	stranger  *limiter
	// known has the pairs of an account and a network that it knows.
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

// slowGuesses is the middleware that refuses requests which try the password of one account too often.
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

// admit returns an error for a request that tries a password too often.
func (g *guessing) admit(ctx context.Context, header http.Header, client netip.Addr, request any) error {
	switch request := request.(type) {
	case api.CreateSessionRequestObject:
		return g.admitSignIn(header, accountOf(request.Body.Email), client)
	case api.ChangePasswordRequestObject, api.DeleteMeRequestObject:
		// The limit is the session's, not the account's, because a thief of one token must not use up the owner's tries.
		q := g.insideOfSession.take(access.FromContext(ctx).SessionID)
		q.note(header)
		return q.err()
	}
	return nil
}

// admitSignIn is admit for a sign-in. Its headers tell of the limit only when it refuses, because they would show everybody which
// networks an account knows.
func (g *guessing) admitSignIn(header http.Header, account string, client netip.Addr) error {
	if pair := knownPair(account, client); g.knows(pair) {
		return refusal(header, g.fromKnown.take(pair))
	}
	// A stranger's own allowance comes first. It is spent also when the common one refuses, because a stranger who does not stop
	// then runs out of it and leaves the common one to the others.
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

// learn makes the client's network known to the account, and gives the network its whole allowance back, because the password was
// right.
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

// accountOf returns the key of the account with an e-mail address. All spellings of the address have one key, and an address
// without an account has one too. It is a digest, so that no e-mail is in the memory.
func accountOf(text string) string {
	address, ok := email.Canonical(text)
	if !ok { // accounts of earlier versions may have such an address
		address = strings.Join(email.Spellings(text), "")
	}
	sum := sha256.Sum256([]byte(address))
	return string(sum[:])
}

func knownPair(account string, client netip.Addr) string {
	return account + service.ClientNetwork(client).String()
}
