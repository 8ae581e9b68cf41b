// Package outbox is responsible for telling customers by mail what happens to their orders.
//
// A store adds a mail in the transaction that saves its event. So there is a mail if and only if the event took place, and it is sent
// whatever dies in between.
package outbox

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"souk/platform/secret"

	"souk/services/orders/internal/order"
)

// Mail is a mail that waits. It names the event that it tells of; its text is made when it is sent.
type Mail struct {
	OrderID string
	// Position is the place of the event in the order's timeline, from 1. It is 0 for a mail with a link, which a guest has asked for.
	Position  int
	CreatedAt time.Time
	// DueAt is when the mail is to be sent, or to be sent again. It also is a lease: whoever sends the mail puts it off first.
	DueAt time.Time
	// Attempts are the attempts that failed, the oldest first.
	Attempts []Attempt
}

// MessageID is the same for every copy of the mail that is sent.
func (m Mail) MessageID() string {
	if m.Position == 0 {
		return fmt.Sprintf("%s.0.%d", m.OrderID, m.CreatedAt.UnixMicro())
	}
	return fmt.Sprintf("%s.%d", m.OrderID, m.Position)
}

// Ended is a mail that is not to be sent again.
type Ended struct {
	Mail
	// Refused is whether the server has refused the address.
	Refused bool
}

// Attempt is a failed attempt to send a mail.
type Attempt struct {
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
}

// Store keeps mails until they are sent.
type Store interface {
	// Orders returns those of the orders that exist.
	Orders(ctx context.Context, ids []string) ([]order.Order, error)
	// ClaimMails returns up to limit mails that are due, the longest due first. Nobody else gets them until the lease has run out.
	ClaimMails(ctx context.Context, limit int, lease time.Duration) ([]Mail, error)
	// PutOffMail adds an attempt to a claimed mail and makes it due after a while, unless somebody else has claimed it meanwhile.
	PutOffMail(ctx context.Context, claimed Mail, failed Attempt, wait time.Duration) error
	// EndMails removes mails. It stores with each order whether its address was refused.
	EndMails(ctx context.Context, ended []Ended) error
	// AddLookupToken stores the hash of a token in a mail with a link.
	AddLookupToken(ctx context.Context, hash []byte, orderID string, life time.Duration) error
	// GiveUpMails removes mails that were added longer ago than a time, and returns some of them. It is to be called until it returns none.
	GiveUpMails(ctx context.Context, after time.Duration) ([]Mail, error)
}

// Customers knows the e-mail addresses of accounts.
type Customers interface {
	// Email returns the e-mail address of an account, or "" if there is no account any more.
	Email(ctx context.Context, customerID string) (string, error)
}

// Letter is a mail with everything that its text depends on. It has no text that a customer or staff have typed, except the titles of
// products: anyone can open an account with a stranger's address, and must not be able to write to that stranger.
type Letter struct {
	MessageID string
	Kind      order.MailKind
	To        string
	Number    string
	// Detail is that of the event.
	Detail string
	Lines  []order.Line
	Totals order.Totals
	// Token is the secret of the link, if there is one, and TokenLife how long it can be used.
	Token     secret.Text
	TokenLife time.Duration
}

// Mailer sends letters.
type Mailer interface {
	// Send returns an error or nil for each letter. It is mail.ErrAddressRefused or mail.ErrRefused if it makes no sense to try again. No error
	// contains the address.
	Send(ctx context.Context, letters []Letter) []error
}

// Waits are the times that an outbox goes by.
type Waits struct {
	// Lease is how long a mail that somebody sends is not due. Sending takes less.
	Lease time.Duration
	// First is the wait after the first failed attempt. It doubles with each, up to Longest.
	First, Longest time.Duration
}

// DefaultWaits returns the times for mail servers as they are.
func DefaultWaits() Waits {
	return Waits{Lease: 2 * time.Minute, First: 15 * time.Second, Longest: time.Hour}
}

// MailLife is how long a mail may wait before it is given up.
const MailLife = 72 * time.Hour

// Outbox sends the mails of a store.
type Outbox struct {
	store     Store
	customers Customers
	mailer    Mailer
	waits     Waits
	logger    *slog.Logger
}

// New returns an outbox. Without a mailer it can only give mails up.
func New(store Store, customers Customers, mailer Mailer, waits Waits, logger *slog.Logger) *Outbox {
	return &Outbox{store, customers, mailer, waits, logger}
}
