package stripe

import (
	"encoding/json"
	"strings"

	stripego "github.com/stripe/stripe-go/v85"
	"github.com/stripe/stripe-go/v85/webhook"

	"souk/platform/field"

	"souk/services/payments/internal/payments"
)

// Webhook reads Stripe's messages. Its value is the endpoint's secret. It implements payments.EventReader.
type Webhook string

var _ payments.EventReader = Webhook("")

// ReadEvent implements payments.EventReader. It reads only fields that are the same in all versions of Stripe's API. A charge has the
// metadata of its intent. A refund that was made in Stripe's dashboard has no metadata, but names its intent.
func (w Webhook) ReadEvent(payload []byte, signature string) (payments.Event, error) {
	if err := webhook.ValidatePayload(payload, signature, string(w)); err != nil {
		return payments.Event{}, payments.ErrBadSignature
	}
	var message stripego.Event
	if err := json.Unmarshal(payload, &message); err != nil || message.ID == "" || message.Data == nil {
		return payments.Event{}, field.Invalid("body", "is not an event")
	}
	var object struct {
		ID            string
		PaymentIntent any               `json:"payment_intent"` // null or the name of an intent
		Metadata      map[string]string `json:"metadata"`
	}
	event := payments.Event{ID: message.ID, Type: string(message.Type)}
	kind, _, _ := strings.Cut(event.Type, ".")
	if err := json.Unmarshal(message.Data.Raw, &object); err != nil {
		return event, nil // an object without metadata does not belong to the shop
	}
	switch kind {
	case "payment_intent":
		event.Reference, event.ProviderID = object.Metadata[paymentKey], object.ID
	case "charge", "refund":
		event.Reference = object.Metadata[paymentKey]
		event.ProviderID, _ = object.PaymentIntent.(string)
	}
	return event, nil
}
