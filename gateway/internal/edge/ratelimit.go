package edge

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"

	"souk/gateway/internal/api"
	"souk/platform/access"
	"souk/platform/email"
	"souk/platform/service"
)

var (
	// What an address may do. A password costs us tens of milliseconds of a processor, and is what is guessed.
	browsing   = limit{perSecond: 100, burst: 200}
	passwords  = limit{perSecond: 5, burst: 20}
	refreshing = limit{perSecond: 10, burst: 50}
	// What a customer may do, from whichever addresses.
	shopping    = limit{perSecond: 50, burst: 100}
	checkingOut = limit{perSecond: 1, burst: 10}
	// How often the password of one account may be tried, from whichever addresses. It never closes: who guesses on and
	// on slows the owner down, but locks nobody out, and sessions that are open go on.
	guessing = limit{perSecond: 0.1, burst: 10}
)

// Limits are how often clients may ask. None is a nil *Limits, which limits nothing.
type Limits struct {
	proxies proxies

	browsing, passwords, refreshing *limiter
	shopping, checkingOut           *limiter
	guessing                        *limiter
}

// NewLimits returns the limits of a gateway behind proxies, which say in X-Forwarded-For whom they speak for. What anyone
// else says there is not believed.
func NewLimits(proxies []netip.Prefix) *Limits {
	const address, account = "requests from this address", "requests of this account"
	return &Limits{
		proxies:     proxies,
		browsing:    newLimiter(browsing, address),
		passwords:   newLimiter(passwords, address),
		refreshing:  newLimiter(refreshing, address),
		shopping:    newLimiter(shopping, account),
		checkingOut: newLimiter(checkingOut, "orders of this account"),
		guessing:    newLimiter(guessing, "passwords tried for this account"),
	}
}

// Wrap answers 429 to an address that asks too often, whatever for. /healthz alone is always answered, or a flood from
// this machine would have Consul take the gateway for a broken one.
func (l *Limits) Wrap(next http.Handler, logger *slog.Logger) http.Handler {
	if l == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			if err := l.browsing.admit(l.network(r)); err != nil {
				WriteError(r.Context(), w, logger, err)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// network returns what a request's client is known by.
func (l *Limits) network(r *http.Request) string {
	return service.ClientNetwork(l.proxies.client(r)).String()
}

// admitAddress refuses what one address asks too often of a costly operation.
func (l *Limits) admitAddress(c cost, r *http.Request) error {
	switch {
	case l == nil:
		return nil
	case c == password:
		return l.passwords.admit(l.network(r))
	case c == refresh:
		return l.refreshing.admit(l.network(r))
	}
	return nil
}

// admitCustomer refuses what the customer of ctx, if there is one, asks too often.
func (l *Limits) admitCustomer(ctx context.Context, c cost) error {
	caller := access.FromContext(ctx)
	if l == nil || !caller.Authenticated() {
		return nil
	}
	if err := l.shopping.admit(caller.CustomerID); err != nil || c != checkout {
		return err
	}
	return l.checkingOut.admit(caller.CustomerID)
}

// slowGuesses is the middleware that refuses what tries the passwords of one account too often.
func (l *Limits) slowGuesses(next api.StrictHandlerFunc, _ string) api.StrictHandlerFunc {
	if l == nil {
		return next
	}
	return func(ctx context.Context, w http.ResponseWriter, r *http.Request, request any) (any, error) {
		if account := guessed(ctx, request); account != "" {
			if err := l.guessing.admit(account); err != nil {
				return nil, err
			}
		}
		return next(ctx, w, r, request)
	}
}

// guessed returns what the account is known by whose password a request has to know, "" for other requests.
func guessed(ctx context.Context, request any) string {
	switch request := request.(type) {
	case api.CreateSessionRequestObject:
		// One limit for all spellings of an address. No e-mail in our memory. An account that is not there is as slow.
		address, ok := email.Canonical(request.Body.Email)
		if !ok { // an account of an earlier version may have it
			address = strings.Join(email.Spellings(request.Body.Email), "")
		}
		sum := sha256.Sum256([]byte(address))
		return string(sum[:])
	case api.ChangePasswordRequestObject, api.DeleteMeRequestObject:
		return access.FromContext(ctx).CustomerID
	}
	return ""
}
