package payments

import (
	"context"
	"errors"
	"fmt"
)

var (
	// ErrUnknownProvider is returned for messages of a provider that is not configured.
	ErrUnknownProvider = errors.New("no messages are expected from this provider")
	// ErrBadSignature is returned for a message with an invalid or outdated signature.
	ErrBadSignature = errors.New("the signature is not the provider's, or too old")
)

// Event is the content of a provider's message. It is only a hint that a payment may have changed.
type Event struct {
	ID   string
	Type string
	// Reference is the shop's name for the payment, if the event contains it.
	Reference string
	// ProviderID is the provider's name for the payment, if the event contains it. An event with neither is about something else.
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
	err := s.handleWebhook(ctx, provider, payload, signature)
	s.countWebhook(provider, err)
	return err
}

func (s *Service) handleWebhook(ctx context.Context, provider string, payload []byte, signature string) error {
	reader, ok := s.webhooks[provider]
	if !ok {
		return ErrUnknownProvider
	}
	event, err := reader.ReadEvent(payload, signature)
	if err != nil || event.Reference == "" && event.ProviderID == "" {
		return err
	}
	p, err := s.store.FindEvent(ctx, event)
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
	if _, err := s.refresh(ctx, p); err != nil {
		return fmt.Errorf("refresh: %w", err)
	}
	// The event is saved last. If the refresh fails or this process dies before, the provider sends the event again, and it is handled
	// again. That has no further effect, because a status is changed only if it is still the expected one (Store.Move).
	return s.store.SaveEvent(ctx, provider, event, p.ID)
}
