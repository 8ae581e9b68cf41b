package edge

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"

	"souk/gateway/internal/api"
	"souk/gateway/internal/policy"
	"souk/platform/access"
	"souk/platform/security"
	"souk/platform/service"
)

var (
	// Limits for each address. Password requests have a low one, because hashing costs tens of milliseconds of processor time,
	// and because passwords can be guessed.
	browsing   = limit{name: "address", whose: "requests from this address", perSecond: 100, burst: 200}
	passwords  = limit{name: "address-passwords", whose: "requests from this address", perSecond: 5, burst: 20}
	refreshing = limit{name: "address-refreshes", whose: "requests from this address", perSecond: 10, burst: 50}
	// Exchanges of API keys, and requests of OAuth clients. The gateway keeps the token of a key for a minute, so that this is a limit of the keys that are tried.
	exchanging = limit{name: "address-keys", whose: "keys and secrets of clients from this address", perSecond: 1, burst: 60}
	// Tokens for one client, from all addresses together.
	issuing  = limit{name: "client-tokens", whose: "tokens for this client", perSecond: 1, burst: 60}
	mailing  = limit{name: "address-mails", whose: "requests from this address", perSecond: 1, burst: 10}
	guesting = limit{name: "address-orders", whose: "orders from this address", perSecond: 1, burst: 10}
	// Limits for each customer, from all addresses together.
	shopping    = limit{name: "customer", whose: "requests of this account", perSecond: 50, burst: 100}
	checkingOut = limit{name: "customer-orders", whose: "orders of this account", perSecond: 1, burst: 10}
)

// Limits contains the rate limits. A nil *Limits limits nothing.
type Limits struct {
	proxies proxies

	browsing, passwords, refreshing, mailing, guesting, exchanging networkLimiter
	shopping, checkingOut, clientTokens                            *limiter
	guessing                                                       *guessing
}

// NewLimits returns the limits of a gateway behind these proxies. X-Forwarded-For is used only if a proxy has sent it.
func NewLimits(proxies []netip.Prefix) *Limits {
	return &Limits{
		proxies:      proxies,
		browsing:     newNetworkLimiter(browsing),
		passwords:    newNetworkLimiter(passwords),
		refreshing:   newNetworkLimiter(refreshing),
		mailing:      newNetworkLimiter(mailing),
		guesting:     newNetworkLimiter(guesting),
		exchanging:   newNetworkLimiter(exchanging),
		shopping:     newLimiter(shopping),
		checkingOut:  newLimiter(checkingOut),
		clientTokens: newLimiter(issuing),
		guessing:     newGuessing(),
	}
}

// networkLimiter limits all networks of a client, from the smallest to the largest. Each may send twice as many requests as the
// next smaller one. It is needed for IPv6, where a site often has a /56 or a /48 (https://www.rfc-editor.org/rfc/rfc6177) and a
// flood may use all its addresses.
type networkLimiter []*limiter

func newNetworkLimiter(l limit) networkLimiter {
	return networkLimiter{newLimiter(l), newLimiter(l.times(2)), newLimiter(l.times(4))}
}

// admit refuses a client if one of its networks sends too many requests. A request that a network refuses is not counted for
// the larger networks.
func (n networkLimiter) admit(header http.Header, client netip.Addr) error {
	for i, network := range service.ClientNetworks(client) {
		q := n[i].take(network.String())
		q.note(header)
		if err := q.err(); err != nil {
			return err
		}
	}
	return nil
}

// admit refuses a client that sends too many requests. It writes the state of the limit to the header of the answer.
func (l *limiter) admit(header http.Header, client string) error {
	q := l.take(client)
	q.note(header)
	return q.err()
}

// Wrap answers 429 to an address that sends too many requests of any kind. /healthz is exempt, because otherwise a flood from
// this machine would make Consul consider the gateway broken.
func (l *Limits) Wrap(next http.Handler, logger *slog.Logger) http.Handler {
	if l == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			if err := l.browsing.admit(w.Header(), l.proxies.client(r)); err != nil {
				noteRateLimit(security.WithActor(r.Context(), security.Actor{Address: l.networkOf(r)}), "any route", err)
				WriteError(r.Context(), w, logger, err)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// networkOf returns the smallest network of a request's client; "" if there are no limits.
func (l *Limits) networkOf(r *http.Request) string {
	if l == nil {
		return ""
	}
	return service.ClientNetworks(l.proxies.client(r))[0].String()
}

// noteRateLimit logs err as a security event if it is a rate limit refusal.
func noteRateLimit(ctx context.Context, route string, err error) {
	var problem *Problem
	if errors.As(err, &problem) && problem.Code == api.ProblemCodeRateLimited {
		security.Log(ctx, security.RateLimited, route, slog.String("reason", problem.Error()))
	}
}

// admitAddress checks the limits for costly operations of the client's address.
func (l *Limits) admitAddress(c policy.Cost, header http.Header, r *http.Request) error {
	switch {
	case l == nil:
		return nil
	case c == policy.Password:
		return l.passwords.admit(header, l.proxies.client(r))
	case c == policy.Refresh:
		return l.refreshing.admit(header, l.proxies.client(r))
	case c == policy.Client:
		return l.exchanging.admit(header, l.proxies.client(r))
	case c == policy.Mail:
		return l.mailing.admit(header, l.proxies.client(r))
	case c == policy.Checkout && r.Header.Get("Authorization") == "": // those of a customer are limited for the account
		return l.guesting.admit(header, l.proxies.client(r))
	}
	return nil
}

// admitKey checks the limit of exchanges of API keys for the client's address.
func (l *Limits) admitKey(header http.Header, r *http.Request) error {
	if l == nil {
		return nil
	}
	return l.exchanging.admit(header, l.proxies.client(r))
}

// admitCustomer checks the limits of the signed-in customer or the partner's client, if there is one.
func (l *Limits) admitCustomer(ctx context.Context, c policy.Cost, header http.Header) error {
	caller := access.FromContext(ctx)
	if l == nil || !caller.Known() {
		return nil
	}
	if err := l.shopping.admit(header, caller.ID()); err != nil || c != policy.Checkout {
		return err
	}
	return l.checkingOut.admit(header, caller.ID())
}
