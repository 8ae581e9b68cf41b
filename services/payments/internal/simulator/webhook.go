package simulator

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/stripe/stripe-go/v85/webhook"

	"souk/platform/field"

	"souk/services/payments/internal/payments"
)

// eventTypes are the events of the network. Events of other types are accepted, but name no payment.
var eventTypes = []string{"payment.authorized", "payment.declined", "payment.captured", "payment.voided", "payment.refunded"}

// Webhook reads the network's messages: {"id", "type", "reference"}, signed like Stripe's
// (https://docs.stripe.com/webhooks#verify-manually). Its value is the secret. It implements payments.EventReader.
type Webhook string

var _ payments.EventReader = Webhook("")

// ReadEvent implements payments.EventReader.
func (w Webhook) ReadEvent(payload []byte, signature string) (payments.Event, error) {
	if err := webhook.ValidatePayload(payload, signature, string(w)); err != nil {
		return payments.Event{}, payments.ErrBadSignature
	}
	var message struct{ ID, Type, Reference string }
	if err := json.Unmarshal(payload, &message); err != nil || message.ID == "" {
		return payments.Event{}, field.Invalid("body", "is not an event")
	}
	event := payments.Event{ID: message.ID, Type: message.Type}
	if slices.Contains(eventTypes, message.Type) {
		event.Reference = message.Reference
	}
	return event, nil
}

// Sign returns the signature of a message sent at that time.
func (w Webhook) Sign(payload []byte, at time.Time) string {
	return webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: payload, Secret: string(w), Timestamp: at}).Header
}
