package stripe_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v85/webhook"

	"souk/platform/field"

	"souk/services/payments/internal/payments"
	"souk/services/payments/internal/stripe"
)

const secret = stripe.Webhook("whsec_of_a_test")

func signed(payload string, by stripe.Webhook, at time.Time) string {
	return webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: []byte(payload), Secret: string(by), Timestamp: at}).Header
}

func TestEventsContainTheirPayment(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		payload string
		want    payments.Event
	}{
		{
			`{"id":"evt_1","object":"event","api_version":"2020-08-27","type":"payment_intent.succeeded","data":{"object":{"id":"pi_1","metadata":{"souk_payment":"souk-1"}}}}`,
			payments.Event{ID: "evt_1", Type: "payment_intent.succeeded", Reference: "souk-1", ProviderID: "pi_1"},
		},
		{
			`{"id":"evt_2","type":"charge.refunded","data":{"object":{"id":"ch_1","payment_intent":"pi_1","metadata":{"souk_payment":"souk-1"}}}}`,
			payments.Event{ID: "evt_2", Type: "charge.refunded", Reference: "souk-1", ProviderID: "pi_1"},
		},
		{
			`{"id":"evt_3","type":"refund.failed","data":{"object":{"id":"re_1","payment_intent":"pi_1","metadata":{"souk_payment":"souk-1"}}}}`,
			payments.Event{ID: "evt_3", Type: "refund.failed", Reference: "souk-1", ProviderID: "pi_1"},
		},
		{
			`{"id":"evt_4","type":"payment_intent.created","data":{"object":{"id":"pi_of_another_shop"}}}`,
			payments.Event{ID: "evt_4", Type: "payment_intent.created", ProviderID: "pi_of_another_shop"},
		},
		{
			`{"id":"evt_5","type":"customer.created","data":{"object":{"id":"cus_1","metadata":{"souk_payment":"souk-1"}}}}`,
			payments.Event{ID: "evt_5", Type: "customer.created"},
		},
	} {
		got, err := secret.ReadEvent([]byte(test.payload), signed(test.payload, secret, time.Now()))
		if err != nil || got != test.want {
			t.Errorf("%+v, %v; want %+v", got, err, test.want)
		}
	}
}

func TestEventsWithoutAValidSignatureAreRefused(t *testing.T) {
	t.Parallel()
	const payload = `{"id":"evt_1","type":"payout.paid","data":{"object":{"id":"po_1"}}}`
	now := time.Now()
	for name, test := range map[string]struct {
		signature string
		want      error
	}{
		"good":           {signed(payload, secret, now), nil},
		"old":            {signed(payload, secret, now.Add(-6*time.Minute)), payments.ErrBadSignature},
		"another secret": {signed(payload, "guess", now), payments.ErrBadSignature},
		"another body":   {signed(payload+" ", secret, now), payments.ErrBadSignature},
		"none":           {"", payments.ErrBadSignature},
	} {
		if _, err := secret.ReadEvent([]byte(payload), test.signature); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
	var invalid *field.Error
	for _, payload := range []string{"{}", "<html>", `{"id":"evt_1"}`, `{"id":"evt_1","data":{}}`, `{"data":{"object":{}}}`} {
		if _, err := secret.ReadEvent([]byte(payload), signed(payload, secret, now)); !errors.As(err, &invalid) {
			t.Errorf("%s: %v, want a violation", payload, err)
		}
	}
}
