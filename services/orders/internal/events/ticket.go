package events

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"souk/platform/identifier"
	"souk/platform/secret"

	"souk/services/orders/internal/order"
)

// SweepTicketsEvery is how often Tickets.Sweep is to be called.
const SweepTicketsEvery = time.Hour

// ErrTicketNotFound is returned for a ticket that is unknown, spent, over, or of another order.
var ErrTicketNotFound = errors.New("ticket not found")

// ticketLife is how long a ticket is good for, unless its access token ends earlier.
const ticketLife = time.Minute

// Tickets are for clients that cannot send an access token with a request, such as a browser's EventSource. A ticket stands for an
// access token, once, for the events of one order.
type Tickets struct {
	orders order.Reader
	store  TicketStore
}

// TicketStore keeps tickets, in a form that does not give their tokens away.
type TicketStore interface {
	// SaveTicket stores a ticket for the time of its life.
	SaveTicket(ctx context.Context, t SealedTicket, life time.Duration) error
	// TakeTicket deletes the ticket of an order that has that id, and returns its sealed token. It returns ErrTicketNotFound if
	// there is none or its time is over. Of several calls at once, one gets it.
	TakeTicket(ctx context.Context, id []byte, orderID string) (sealed []byte, err error)
	// DeleteTickets deletes the tickets whose time is over.
	DeleteTickets(ctx context.Context) error
}

// SealedTicket is a ticket as it is stored.
type SealedTicket struct {
	// ID is the SHA-256 of the ticket.
	ID      []byte
	OrderID string
	// Token is the access token, sealed under a key that is derived from the ticket.
	Token []byte
}

// TicketRequest asks for a ticket.
type TicketRequest struct {
	CustomerID string
	OrderID    string
	// Token is the customer's access token.
	Token     string
	TokenEnds time.Time
}

// Ticket is a new ticket. Its text is a secret.
type Ticket struct {
	Text string
	Life time.Duration
}

// NewTickets returns the tickets for the events of orders.
func NewTickets(orders order.Reader, store TicketStore) *Tickets {
	return &Tickets{orders: orders, store: store}
}

// Create makes a ticket, or returns order.ErrNotFound for an order that is not the customer's.
func (t *Tickets) Create(ctx context.Context, req TicketRequest) (Ticket, error) {
	o, err := order.Find(ctx, t.orders, order.Viewer{CustomerID: req.CustomerID}, req.OrderID)
	if err != nil {
		return Ticket{}, err
	}
	ticket := secret.NewToken()
	sealed, err := seal(ticket, o.ID(), req.Token)
	if err != nil {
		return Ticket{}, fmt.Errorf("seal ticket: %w", err)
	}
	life := max(0, min(ticketLife, time.Until(req.TokenEnds).Truncate(time.Second)))
	err = t.store.SaveTicket(ctx, SealedTicket{ID: secret.Hash(ticket), OrderID: o.ID(), Token: sealed}, life)
	if err != nil {
		return Ticket{}, fmt.Errorf("create ticket: %w", err)
	}
	return Ticket{Text: ticket, Life: life}, nil
}

// Redeem spends a ticket and returns its access token. It returns ErrTicketNotFound for one that is unknown, spent, over, or of
// another order.
func (t *Tickets) Redeem(ctx context.Context, orderID, ticket string) (token string, err error) {
	orderID, ok := identifier.Canonical(orderID)
	if !ok {
		return "", ErrTicketNotFound
	}
	sealed, err := t.store.TakeTicket(ctx, secret.Hash(ticket), orderID)
	if err != nil {
		return "", fmt.Errorf("redeem ticket: %w", err)
	}
	token, err = unseal(ticket, orderID, sealed)
	if err != nil {
		return "", fmt.Errorf("unseal ticket: %w", err)
	}
	return token, nil
}

// Sweep forgets the tickets whose time is over.
func (t *Tickets) Sweep(ctx context.Context) error {
	if err := t.store.DeleteTickets(ctx); err != nil {
		return fmt.Errorf("sweep tickets: %w", err)
	}
	return nil
}

// seal encrypts a token so that the ticket alone opens it, and only for that order.
func seal(ticket, orderID, token string) ([]byte, error) {
	aead, err := cipherOf(ticket)
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nil, []byte(token), []byte(orderID)), nil
}

func unseal(ticket, orderID string, sealed []byte) (token string, err error) {
	aead, err := cipherOf(ticket)
	if err != nil {
		return "", err
	}
	plain, err := aead.Open(nil, nil, sealed, []byte(orderID))
	return string(plain), err
}

// cipherOf returns AES-256-GCM under a key that is derived from a ticket.
func cipherOf(ticket string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, []byte(ticket), nil, "souk event ticket", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
