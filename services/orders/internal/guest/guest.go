// Package guest is responsible for those who order without an account: it gives them access to their orders, and gives the orders to an
// account that proves that the e-mail address is its own.
package guest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"souk/platform/field"
	"souk/platform/identifier"
	"souk/platform/secret"
	"souk/platform/security"

	"souk/services/orders/internal/order"
)

// ErrInvalidToken is returned for a token of a mail that is unknown, used or expired.
var ErrInvalidToken = errors.New("the token is not valid")

const (
	// FindEvery is how often FindLookups is to be called.
	FindEvery = time.Second
	// SweepEvery is how often Sweep is to be called.
	SweepEvery = time.Hour
	// TokenLife is how long the token of a mail can be used after it was sent.
	TokenLife = time.Hour
	// mostToken is the length in bytes of the longest text that is looked up as a token.
	mostToken = 100
	// adoptTime is how long a list of orders waits for the address of its customer.
	adoptTime = 500 * time.Millisecond
)

// Store keeps what guests have asked for, and the tokens in mails to them.
type Store interface {
	// AddLookup stores the number and the address that somebody has typed. It does not look for an order.
	AddLookup(ctx context.Context, number, email string) error
	// FindLookups replaces stored lookups by mails to the guests whose orders they name.
	FindLookups(ctx context.Context) error
	// LookupOrder returns the order of a token, by the token's hash, or ErrInvalidToken.
	LookupOrder(ctx context.Context, hash []byte) (orderID string, err error)
	// SpendToken deletes a token. It returns ErrInvalidToken if there is none: of several calls at once, one succeeds.
	SpendToken(ctx context.Context, hash []byte) error
	// DeleteTokens deletes the tokens that have expired.
	DeleteTokens(ctx context.Context) error
	// HasGuests reports whether there is an order that belongs to no account.
	HasGuests(ctx context.Context) (bool, error)
	// Adopt makes the orders of guests with an address those of a customer, unless the customer was erased.
	Adopt(ctx context.Context, customerID, email string) error
}

// Customers signs access tokens and knows the addresses of accounts.
type Customers interface {
	// GuestToken returns an access token for an order, as issued at a time. The same arguments give the same token.
	GuestToken(ctx context.Context, orderID string, issuedAt time.Time) (Access, error)
	// VerifiedEmail returns the e-mail address of an account if its owner has confirmed it, or "".
	VerifiedEmail(ctx context.Context, customerID string) (string, error)
}

// Access is access to one order.
type Access struct {
	OrderID   string
	Token     string
	ExpiresAt time.Time
}

// Guests are those who order without an account.
type Guests struct {
	store     Store
	customers Customers
	logger    *slog.Logger
}

// New returns the guests.
func New(store Store, customers Customers, logger *slog.Logger) *Guests {
	return &Guests{store, customers, logger}
}

// Token returns access to an order that a guest has just placed, or none while customers cannot sign it: the order counts all the same,
// and the guest can look it up by mail.
func (g *Guests) Token(ctx context.Context, placed order.View) Access {
	access, err := g.customers.GuestToken(ctx, placed.ID, placed.CreatedAt)
	if err != nil {
		g.logger.WarnContext(ctx, "a guest has no access to the order until it is looked up", "order_id", placed.ID, "error", err)
		return Access{}
	}
	return access
}

// RequestLookup has a mail sent with a token for Redeem, if there is an order with this number, of a guest with this address. It takes as
// long if there is none. It returns a *field.Error.
func (g *Guests) RequestLookup(ctx context.Context, number, email string) error {
	var c field.Checker
	c.CheckLine("number", number, true, order.MaxID)
	canonical, ok := identifier.CanonicalEmail(email)
	c.Check(ok, "email", "is not an e-mail address")
	if err := c.Err(); err != nil {
		return err
	}
	return g.store.AddLookup(ctx, strings.ToUpper(strings.TrimSpace(number)), canonical)
}

// FindLookups makes mails of what was asked for.
func (g *Guests) FindLookups(ctx context.Context) error { return g.store.FindLookups(ctx) }

// Redeem exchanges the token of a mail for access to its order, once. It returns ErrInvalidToken.
func (g *Guests) Redeem(ctx context.Context, token string) (Access, error) {
	if token == "" || len(token) > mostToken {
		return Access{}, ErrInvalidToken
	}
	orderID, err := g.store.LookupOrder(ctx, secret.Hash(token))
	if err != nil {
		return Access{}, err
	}
	// The token is spent last, so that it is not lost while customers is away.
	access, err := g.customers.GuestToken(ctx, orderID, time.Now())
	if err != nil {
		return Access{}, fmt.Errorf("sign a guest's token: %w", err)
	}
	if err := g.store.SpendToken(ctx, secret.Hash(token)); err != nil {
		return Access{}, err
	}
	security.Log(ctx, security.OrderLookedUp, orderID)
	return access, nil
}

// Adopt makes the orders that were placed without an account, with an address that a customer has confirmed, the customer's. If that cannot
// be done now, it is done another time.
func (g *Guests) Adopt(ctx context.Context, customerID string) {
	if err := g.adopt(ctx, customerID); err != nil {
		g.logger.WarnContext(ctx, "orders of a guest are given to their account later", "error", err)
	}
}

func (g *Guests) adopt(ctx context.Context, customerID string) error {
	if any, err := g.store.HasGuests(ctx); err != nil || !any {
		return err
	}
	asking, cancel := context.WithTimeout(ctx, adoptTime)
	defer cancel()
	email, err := g.customers.VerifiedEmail(asking, customerID)
	if err != nil {
		return err
	}
	canonical, ok := identifier.CanonicalEmail(email)
	if !ok {
		return nil
	}
	return g.store.Adopt(ctx, customerID, canonical)
}

// Sweep forgets the tokens that have expired.
func (g *Guests) Sweep(ctx context.Context) error { return g.store.DeleteTokens(ctx) }
