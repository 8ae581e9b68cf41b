package payments

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
)

var (
	// ErrUnknownProvider is returned for messages of a provider that is not configured.
	ErrUnknownProvider = errors.New("no messages are expected from this provider")
	// ErrBadSignature is returned for a message with an invalid or outdated signature.
	ErrBadSignature = errors.New("the signature is not the provider's, or too old")
)

// Event is the content of a provider's message. It is only a hint that a payment has changed.
type Event struct {
	ID   string
	Type string
	// Reference is the shop's name for the payment; empty if the event is not about a payment.
	Reference string
	// ProviderID is the provider's name for the payment, if the event contains it.
	ProviderID string
}

// EventReader reads the messages of one provider.
type EventReader interface {
	// ReadEvent returns ErrBadSignature unless the provider has signed the message within the last five minutes.
	ReadEvent(payload []byte, signature string) (Event, error)
}

// HandleWebhook handles a message from a provider. It asks the provider for the current state of the payment that the message
// names, and updates the shop's data. So the order of messages does not matter. Messages that do not name one of the shop's
// payments are ignored.
func (s *Service) HandleWebhook(ctx context.Context, provider string, payload []byte, signature string) error {
	reader, ok := s.webhooks[provider]
	if !ok {
		return ErrUnknownProvider
	}
	event, err := reader.ReadEvent(payload, signature)
	if err != nil || event.Reference == "" {
		return err
	}
	p, err := s.store.FindReference(ctx, event.Reference)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if seen, err := s.store.EventSeen(ctx, provider, event.ID); err != nil || seen {
		return err
	}
	if p.ProviderID == "" {
		p.ProviderID = event.ProviderID
	}
	if err := s.reconcile(ctx, p); err != nil {
		return fmt.Errorf("reconcile: %w", err)
	}
	// The event is saved last, so that it is processed again if reconciling failed.
	return s.store.SaveEvent(ctx, provider, event, p.ID)
}

// reconcile updates the shop's data of a payment to the provider's.
func (s *Service) reconcile(ctx context.Context, p Payment) error {
	if p.Method == "" || p.Status == Declined { // the provider never held any money
		return nil
	}
	if p.Status == Pending {
		answer, err := retry(ctx, s.logger, func() (Authorization, error) { return s.provider.Lookup(ctx, p) })
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if p, err = s.record(ctx, p, answer); err != nil {
			return err
		}
	}
	theirs, err := retry(ctx, s.logger, func() (ProviderBooks, error) { return s.provider.Books(ctx, p) })
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.follow(ctx, p, theirs)
}

// follow updates the status of a payment to the provider's. A partial capture, made at the provider directly, has no
// corresponding status; an audit reports it.
func (s *Service) follow(ctx context.Context, p Payment, theirs ProviderBooks) (err error) {
	switch {
	case p.Status == Authorized && theirs.Captured == p.Amount:
		p, err = s.settle(ctx, p, Captured)
	case p.Status == Authorized && theirs.Open.Amount == 0 && theirs.Captured.Amount == 0:
		p, err = s.settle(ctx, p, Voided)
	case p.Status == Voided && theirs.Open.Amount > 0: // authorized after the void
		err = s.voidAtProvider(ctx, p)
	}
	if err != nil || p.Status != Captured {
		return err
	}
	return s.followRefunds(ctx, p)
}

// followRefunds updates a payment's refunds to the provider's. It adds refunds that were made at the provider directly.
func (s *Service) followRefunds(ctx context.Context, p Payment) error {
	theirs, err := retry(ctx, s.logger, func() ([]Refund, error) { return s.provider.Refunds(ctx, p) })
	if err != nil {
		return err
	}
	ours, err := s.store.Refunds(ctx, p.ID)
	if err != nil {
		return err
	}
	for _, their := range theirs {
		r, known := withReference(ours, their.Reference)
		if !known && their.Status == RefundSucceeded {
			if r, err = s.adopt(ctx, p, their); err != nil {
				return err
			}
		}
		if !r.Status.CanBecome(their.Status) {
			continue
		}
		if _, _, err := s.recordRefund(ctx, p, r, their); err != nil {
			return err
		}
	}
	return nil
}

// adopt stores a refund that was made at the provider directly.
func (s *Service) adopt(ctx context.Context, p Payment, their Refund) (Refund, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Refund{}, err
	}
	_, r, _, err := s.store.BeginRefund(ctx, p.OrderID, Refund{
		ID: id.String(), Reference: their.Reference, Status: RefundPending, Amount: their.Amount,
	})
	return r, err
}
