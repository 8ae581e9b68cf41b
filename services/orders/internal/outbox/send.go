package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"souk/platform/mail"
	"souk/platform/secret"

	"souk/services/orders/internal/guest"
	"souk/services/orders/internal/order"
)

const (
	// SendMailsEvery is how often SendMails is to be called.
	SendMailsEvery = time.Second
	// GiveUpMailsEvery is how often GiveUpMails is to be called.
	GiveUpMailsEvery = time.Hour
	// A process sends over up to so many connections at once, and this many mails over each.
	connections, together = 5, 10
	// settleTime is how long storing what became of a mail may take.
	settleTime = 5 * time.Second
)

// SendMails sends the mails that are due. Any number of replicas may do so at once. If a process dies while it sends a mail, another
// sends the mail again after the lease.
func (o *Outbox) SendMails(ctx context.Context) error {
	for {
		due, err := o.store.ClaimMails(ctx, connections*together, o.waits.Lease)
		if err != nil {
			return err
		}
		var sending errgroup.Group
		for claimed := range slices.Chunk(due, together) {
			sending.Go(func() error { return o.sendTogether(ctx, claimed) })
		}
		if err := sending.Wait(); err != nil || len(due) < connections*together {
			return err
		}
	}
}

// errNothingToTell is returned if there is nobody any more whom a mail could tell anything.
var errNothingToTell = errors.New("nothing to tell")

// attempt is an attempt to send a mail. With an error the letter has its kind, if that is known.
type attempt struct {
	claimed Mail
	letter  Letter
	err     error
}

// sendTogether sends mails that were claimed, and removes each or puts it off.
func (o *Outbox) sendTogether(ctx context.Context, claimed []Mail) error {
	attempts := o.writeAll(ctx, claimed)
	var letters []Letter
	var sent []*attempt
	for i := range attempts {
		if a := &attempts[i]; a.err == nil {
			letters, sent = append(letters, a.letter), append(sent, a)
		}
	}
	if len(letters) > 0 {
		for i, err := range o.mailer.Send(ctx, letters) {
			sent[i].err = err
		}
	}
	return o.settle(ctx, attempts)
}

// settle stores what became of mails.
func (o *Outbox) settle(ctx context.Context, attempts []attempt) error {
	// If the process stops now, what is known should still be stored.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	var ended []Ended
	var errs []error
	for _, a := range attempts {
		refused := errors.Is(a.err, mail.ErrAddressRefused)
		switch {
		case a.err == nil:
			count(a.letter.Kind, mail.Sent)
		case errors.Is(a.err, errNothingToTell):
			count(a.letter.Kind, mail.Dropped)
		case refused, errors.Is(a.err, mail.ErrRefused):
			count(a.letter.Kind, mail.Refused)
			o.log(ctx, "a mail was refused", a.claimed, a.err)
		default:
			count(a.letter.Kind, mail.PutOff)
			o.log(ctx, "a mail could not be sent, and waits", a.claimed, a.err)
			failed := Attempt{At: time.Now().UTC(), Reason: a.err.Error()}
			errs = append(errs, o.store.PutOffMail(ctx, a.claimed, failed, mail.WaitAfter(len(a.claimed.Attempts), o.waits.First, o.waits.Longest)))
			continue
		}
		ended = append(ended, Ended{Mail: a.claimed, Refused: refused})
	}
	if len(ended) > 0 {
		errs = append(errs, o.store.EndMails(ctx, ended))
	}
	return errors.Join(errs...)
}

// writeAll writes the letters of mails.
func (o *Outbox) writeAll(ctx context.Context, claimed []Mail) []attempt {
	ids := make([]string, len(claimed))
	for i, c := range claimed {
		ids[i] = c.OrderID
	}
	found, err := o.store.Orders(ctx, ids)
	byID := make(map[string]order.Order, len(found))
	for _, one := range found {
		byID[one.ID()] = one
	}
	attempts := make([]attempt, len(claimed))
	for i, c := range claimed {
		attempts[i] = attempt{claimed: c, letter: Letter{Kind: unknownKind}, err: err}
		if err == nil {
			attempts[i].letter, attempts[i].err = o.write(ctx, byID, c)
		}
	}
	return attempts
}

// write returns the letter of a mail about one of orders.
func (o *Outbox) write(ctx context.Context, orders map[string]order.Order, claimed Mail) (Letter, error) {
	letter := Letter{MessageID: claimed.MessageID(), Kind: unknownKind}
	found, ok := orders[claimed.OrderID]
	if !ok {
		return letter, order.ErrNotFound
	}
	var err error
	view := found.View()
	letter.Number, letter.Lines, letter.Totals = view.Number, view.Lines, view.Totals
	if letter.To, err = o.receiver(ctx, found, claimed); err != nil {
		return letter, err
	}
	if claimed.Position == 0 {
		letter.Kind, letter.TokenLife = order.MailLookup, guest.TokenLife
		letter.Token, err = o.newToken(ctx, view.ID)
		return letter, err
	}
	if claimed.Position > len(view.Timeline) {
		return letter, fmt.Errorf("there is no event %d of the order", claimed.Position)
	}
	event := view.Timeline[claimed.Position-1]
	kind, ok := event.Event.Mail()
	if !ok {
		return letter, fmt.Errorf("this version has no mail about the event %s", event.Event) // a later one has added it, and may send it
	}
	letter.Kind, letter.Detail = kind, event.Detail
	return letter, nil
}

// receiver returns the address that a mail goes to, or errNothingToTell if there is none any more. An order that has become a customer's
// has no link.
func (o *Outbox) receiver(ctx context.Context, of order.Order, claimed Mail) (string, error) {
	email := of.Snapshot().GuestEmail
	if email != "" || claimed.Position == 0 {
		return email, nothingTo(email)
	}
	email, err := o.customers.Email(ctx, of.CustomerID())
	if err != nil {
		return "", err
	}
	return email, nothingTo(email)
}

func nothingTo(email string) error {
	if email == "" {
		return errNothingToTell
	}
	return nil
}

// newToken makes a token for the link of a mail, and stores its hash. Each attempt has a token of its own, because it is not known which of
// them arrive.
func (o *Outbox) newToken(ctx context.Context, orderID string) (secret.Text, error) {
	token := secret.NewToken()
	return secret.Text(token), o.store.AddLookupToken(ctx, secret.Hash(token), orderID, guest.TokenLife)
}

// GiveUpMails removes mails that have waited for too long.
func (o *Outbox) GiveUpMails(ctx context.Context) error {
	for {
		old, err := o.store.GiveUpMails(ctx, MailLife)
		if err != nil || len(old) == 0 {
			return err
		}
		for _, given := range old {
			count(unknownKind, mail.GivenUp)
			o.log(ctx, "a mail has waited too long and was given up", given, nil)
		}
	}
}

// unknownKind is the kind in metrics of a mail whose event was not read.
const unknownKind order.MailKind = "order"

func count(kind order.MailKind, outcome mail.Outcome) { mail.Count(string(kind), outcome) }

// log logs what became of a mail, without its address.
func (o *Outbox) log(ctx context.Context, message string, m Mail, cause error) {
	attrs := []any{slog.String("order_id", m.OrderID), slog.String("message_id", m.MessageID()), slog.Int("attempts", len(m.Attempts))}
	if cause != nil {
		attrs = append(attrs, slog.String("error", cause.Error()))
	}
	o.logger.WarnContext(ctx, message, attrs...)
}
