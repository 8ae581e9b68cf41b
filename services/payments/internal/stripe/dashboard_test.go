package stripe_test

import (
	"encoding/json"
	"time"

	stripego "github.com/stripe/stripe-go/v85"
)

// inDashboard is what happens at Stripe without us, to the first intent.
func (f *fake) inDashboard(what func(intent *stripego.PaymentIntent)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	what(f.intents[intentID])
}

// pass lets time go by. Authorizations that nobody has captured expire.
func (f *fake) pass(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
	for _, intent := range f.intents {
		if intent.AmountCapturable > 0 && f.now.Unix() > intent.LatestCharge.PaymentMethodDetails.Card.CaptureBefore {
			f.end(intent, stripego.PaymentIntentCancellationReasonAutomatic)
		}
	}
}

// sendBack has a bank send a refund back.
func (f *fake) sendBack(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, refund := range f.refunds {
		if refund.ID == id {
			refund.Status, refund.FailureReason = stripego.RefundStatusFailed, stripego.RefundFailureReasonLostOrStolenCard
			refund.PaymentIntent.LatestCharge.AmountRefunded -= refund.Amount
			f.tellRefund("refund.failed", refund)
		}
	}
}

// tellIntent writes down the message about an intent.
func (f *fake) tellIntent(kind string, intent *stripego.PaymentIntent) {
	f.tell(kind, map[string]any{"id": intent.ID, "object": "payment_intent", "status": intent.Status, "metadata": intent.Metadata})
}

// tellRefund writes down the message about a refund. One that was made in the dashboard has no metadata of ours.
func (f *fake) tellRefund(kind string, refund *stripego.Refund) {
	f.tell(kind, map[string]any{
		"id": refund.ID, "object": "refund", "status": refund.Status, "payment_intent": refund.PaymentIntent.ID, "metadata": refund.Metadata,
	})
}

func (f *fake) tell(kind string, object map[string]any) {
	message, err := json.Marshal(map[string]any{
		"id": liveID("evt", len(f.events)+1), "object": "event", "type": kind, "livemode": true, "data": map[string]any{"object": object},
	})
	if err != nil {
		panic(err)
	}
	f.events = append(f.events, string(message))
}

// messages returns those of Stripe since the last call.
func (f *fake) messages() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	told := f.events
	f.events = nil
	return told
}
