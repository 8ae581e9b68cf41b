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
	// What an address may do. A password costs us tens of milliseconds of a processor, and is what is guessed.
	browsing   = limit{name: "address", whose: "requests from this address", perSecond: 100, burst: 200}
	passwords  = limit{name: "address-passwords", whose: "requests from this address", perSecond: 5, burst: 20}
	refreshing = limit{name: "address-refreshes", whose: "requests from this address", perSecond: 10, burst: 50}
	// What a customer may do, from whichever addresses.
	shopping    = limit{name: "customer", whose: "requests of this account", perSecond: 50, burst: 100}
	checkingOut = limit{name: "customer-orders", whose: "orders of this account", perSecond: 1, burst: 10}
)

// Limits are how often clients may ask. None is a nil *Limits, which limits nothing.
type Limits struct {
	proxies proxies

	browsing, passwords, refreshing networkLimiter
	shopping, checkingOut           *limiter
	guessing                        *guessing
}

// NewLimits returns the limits of a gateway behind proxies, which say in X-Forwarded-For whom they speak for. What anyone
// else says there is not believed.
func NewLimits(proxies []netip.Prefix) *Limits {
	return &Limits{
		proxies:     proxies,
		browsing:    newNetworkLimiter(browsing),
		passwords:   newNetworkLimiter(passwords),
		refreshing:  newNetworkLimiter(refreshing),
		shopping:    newLimiter(shopping),
		checkingOut: newLimiter(checkingOut),
		guessing:    newGuessing(),
	}
}

// networkLimiter limits the networks that a client is in, from the smallest to the largest: each may do twice as much as the one
// before. An address of IPv6 is one of very many that a client has: a site often has a /56 or a /48
// (https://www.rfc-editor.org/rfc/rfc6177), and a flood may come from all of it.
type networkLimiter []*limiter

func newNetworkLimiter(l limit) networkLimiter {
	return networkLimiter{newLimiter(l), newLimiter(l.times(2)), newLimiter(l.times(4))}
}

// admit refuses a client one of whose networks asks too often. What a network is refused counts for none that it is part of.
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

// admit refuses a client that asks too often, and tells it in the header of the answer how it stands.
func (l *limiter) admit(header http.Header, client string) error {
	q := l.take(client)
	q.note(header)
	return q.err()
}

// Wrap answers 429 to an address that asks too often, whatever for. /healthz alone is always answered, or a flood from
// this machine would have Consul take the gateway for a broken one.
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

// networkOf returns the smallest network that a request's client is in; "" without limits.
func (l *Limits) networkOf(r *http.Request) string {
	if l == nil {
		return ""
	}
	return service.ClientNetworks(l.proxies.client(r))[0].String()
}

// noteRateLimit logs a refusal as a security event if it was for asking too often.
func noteRateLimit(ctx context.Context, route string, err error) {
	var problem *Problem
	if errors.As(err, &problem) && problem.Code == api.ProblemCodeRateLimited {
		security.Log(ctx, security.RateLimited, route, slog.String("reason", problem.Error()))
	}
}

// admitAddress refuses what one address asks too often of a costly operation.
func (l *Limits) admitAddress(c policy.Cost, header http.Header, r *http.Request) error {
	switch {
	case l == nil:
		return nil
	case c == policy.Password:
		return l.passwords.admit(header, l.proxies.client(r))
	case c == policy.Refresh:
		return l.refreshing.admit(header, l.proxies.client(r))
	}
	return nil
}

// admitCustomer refuses what the customer of ctx, if there is one, asks too often.
func (l *Limits) admitCustomer(ctx context.Context, c policy.Cost, header http.Header) error {
	caller := access.FromContext(ctx)
	if l == nil || !caller.Authenticated() {
		return nil
	}
	if err := l.shopping.admit(header, caller.CustomerID); err != nil || c != policy.Checkout {
		return err
	}
	return l.checkingOut.admit(header, caller.CustomerID)
}
