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
	"souk/platform/identifier"
	"souk/platform/service"
)

// Limits of password attempts for one account (docs/adr/0011-guessing-passwords.md). A stranger is a client in a network from
// which nobody has signed in to the account.
var (
	// For all strangers together: 1,460 attempts a day.
	byStrangers = limit{name: "account", whose: "passwords tried for this account", perSecond: 1.0 / 60, burst: 20}
	// For one stranger: 58 attempts a day. The limit is low enough that twenty strangers together stay below the common limit,
	// so that an owner in a new network can still sign in.
	byStranger = limit{name: "account-address", whose: "passwords tried for this account from this address", perSecond: 2.0 / 3600, burst: 10}
	// For one network that the account knows.
	byKnown = limit{name: "account-address", whose: "passwords tried for this account from this address", perSecond: 1.0 / 30, burst: 10}
	// For one session of the account.
	bySession = limit{name: "session", whose: "passwords tried in this session", perSecond: 1.0 / 60, burst: 10}
)

// Limits of the mails that are asked for one account, for the same groups: its owner's mailbox must not be flooded, and strangers must not
// keep her from getting a mail.
var (
	// For all strangers together: 298 mails on the first day, and 288 on the next ones.
	mailsByStrangers = limit{name: "account", whose: "mails asked for this account", perSecond: 1.0 / 300, burst: 10}
	// For one stranger: so few that twenty strangers together stay below the common limit.
	mailsByStranger = limit{name: "account-address", whose: "mails asked for this account from this address", perSecond: 1.0 / 7200, burst: 3}
	mailsByKnown    = limit{name: "account-address", whose: "mails asked for this account from this address", perSecond: 1.0 / 600, burst: 3}
	// For the orders of guests with one address, from everywhere: each is told to its owner by mail.
	ordersByGuests = limit{name: "guest-orders", whose: "orders with this e-mail address", perSecond: 1.0 / 60, burst: 10}
	// For the owner, who asks for a confirmation.
	mailsByOwner = limit{name: "customer-mails", whose: "mails asked for this account", perSecond: 1.0 / 600, burst: 3}
	// For an export of one account, which reads all its orders.
	exportsByOwner = limit{name: "customer-exports", whose: "exports of this account", perSecond: 1.0 / 600, burst: 5}
	// For a change of the address: of one account, and to one address of all accounts together. Attempts with a wrong password count too.
	changesByOwner   = limit{name: "customer-addresses", whose: "changes of this account's address", perSecond: 1.0 / 600, burst: 10}
	changesToAddress = limit{name: "address-changes", whose: "changes to this e-mail address", perSecond: 1.0 / 300, burst: 10}
)

const (
	// The maximum number of remembered networks of all accounts together.
	maxKnown = 100_000
	// How long an account remembers a network after the last sign-in or refresh from there: as long as a session lasts.
	knownFor = 30 * 24 * time.Hour
)

// guessing limits password attempts for each account. An account remembers the networks from which it signed in. Each of these
// networks and each session of the account has a limit of its own, so that strangers cannot use up the owner's attempts.
type guessing struct {
	signIns, mails tries
	// known contains pairs of an account and a network that it knows.
	known           *otter.Cache[string, struct{}]
	insideOfSession *table
	mailsByOwner    *table
	ordersByGuests  *table
	// Changes of the address, by the account and by the new address.
	changesByOwner, changesToAddress *table
	exportsByOwner                   *table
}

// tries are the limits of one thing that is tried with an account without signing in.
type tries struct {
	strangers *table
	stranger  *limiter
	fromKnown *table
}

func newGuessing() *guessing {
	return &guessing{
		signIns:         tries{strangers: newTable(byStrangers), stranger: newLimiter(byStranger), fromKnown: newTable(byKnown)},
		mails:           tries{strangers: newTable(mailsByStrangers), stranger: newLimiter(mailsByStranger), fromKnown: newTable(mailsByKnown)},
		insideOfSession: newTable(bySession), mailsByOwner: newTable(mailsByOwner),
		ordersByGuests: newTable(ordersByGuests),
		changesByOwner: newTable(changesByOwner), changesToAddress: newTable(changesToAddress),
		exportsByOwner: newTable(exportsByOwner),
		known: otter.Must(&otter.Options[string, struct{}]{
			MaximumSize: maxKnown, Clock: clock{}, ExpiryCalculator: otter.ExpiryWriting[string, struct{}](knownFor),
		}),
	}
}

// limitPasswordAttempts is a middleware that refuses requests with too many password attempts, or for too many mails or exports, for one account.
func (l *Limits) limitPasswordAttempts(next api.StrictHandlerFunc, _ string) api.StrictHandlerFunc {
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

// admit returns an error if the request is one password attempt, or one mail, too many.
func (g *guessing) admit(ctx context.Context, header http.Header, client netip.Addr, request any) error {
	switch request := request.(type) {
	case api.CreateSessionRequestObject:
		if request.Body.Email != nil { // without one, it is for a one-time code
			return g.admitTry(g.signIns, header, accountOf(*request.Body.Email), client)
		}
	case api.RequestPasswordResetRequestObject:
		return g.admitTry(g.mails, header, accountOf(request.Body.Email), client)
	case api.RequestOrderLookupRequestObject:
		return g.admitTry(g.mails, header, accountOf(request.Body.Email), client)
	case api.PlaceOrderRequestObject:
		if request.Body.Email != nil {
			return refusal(header, g.ordersByGuests.take(accountOf(*request.Body.Email)))
		}
	case api.RequestEmailVerificationRequestObject:
		return g.mailsByOwner.admit(header, access.FromContext(ctx).CustomerID)
	case api.ExportMeRequestObject:
		return g.exportsByOwner.admit(header, access.FromContext(ctx).CustomerID)
	case api.ChangePasswordRequestObject, api.DeleteMeRequestObject, api.ConfirmSecondFactorRequestObject, api.RemoveSecondFactorRequestObject:
		return g.admitInside(ctx, header)
	case api.ChangeEmailRequestObject:
		if err := g.admitInside(ctx, header); err != nil {
			return err
		}
		if err := g.changesByOwner.admit(header, access.FromContext(ctx).CustomerID); err != nil {
			return err
		}
		return refusal(header, g.changesToAddress.take(accountOf(request.Body.Email)))
	}
	return nil
}

// admitInside is admit for a password or a code that somebody gives inside of a session. The limit is per session, not per account, because the thief
// of one token must not use up the owner's attempts.
func (g *guessing) admitInside(ctx context.Context, header http.Header) error {
	return g.insideOfSession.admit(header, access.FromContext(ctx).SessionID)
}

// admit refuses a client with too many requests. It writes the state of the limit to the header of the answer.
func (t *table) admit(header http.Header, client string) error {
	q := t.take(client)
	q.note(header)
	return q.err()
}

// admitTry is admit for somebody who is not signed in. It writes the rate limit headers only if it refuses. Otherwise they would reveal
// which networks an account knows.
func (g *guessing) admitTry(t tries, header http.Header, account string, client netip.Addr) error {
	if pair := knownPair(account, client); g.knows(pair) {
		return refusal(header, t.fromKnown.take(pair))
	}
	// The stranger's own limit is checked first. It is also used up if the common limit refuses. So a stranger who keeps trying
	// uses up their own limit, and leaves the common one to others.
	networks := service.ClientNetworks(client)
	if err := refusal(header, t.stranger.take(account+networks[len(networks)-1].String())); err != nil {
		return err
	}
	return refusal(header, t.strangers.take(account))
}

func refusal(header http.Header, q quota) error {
	if q.wait > 0 {
		q.note(header)
	}
	return q.err()
}

// learn remembers the client's network for the account. It also resets the network's limit, because the password was right.
func (g *guessing) learn(account string, client netip.Addr) {
	pair := knownPair(account, client)
	g.known.Set(pair, struct{}{})
	g.signIns.fromKnown.forgive(pair)
}

func (g *guessing) knows(pair string) bool {
	_, ok := g.known.GetIfPresent(pair)
	return ok
}

// signedIn returns the customer who gets tokens with this answer.
func signedIn(answer any) (api.Customer, bool) {
	switch answer := answer.(type) {
	case api.CreateSession201JSONResponse:
		return answer.Customer, true
	case api.RefreshSession200JSONResponse:
		return answer.Customer, true
	}
	return api.Customer{}, false
}

// accountOf returns a key for the account with this e-mail address. All spellings of an address have the same key, and
// addresses without an account have a key too. The key is a hash, so that no e-mail addresses are kept in memory.
func accountOf(text string) string {
	address, ok := identifier.CanonicalEmail(text)
	if !ok { // accounts from earlier versions may have such an address
		address = strings.Join(identifier.EmailSpellings(text), "")
	}
	sum := sha256.Sum256([]byte(address))
	return string(sum[:])
}

func knownPair(account string, client netip.Addr) string {
	return account + service.ClientNetwork(client).String()
}
