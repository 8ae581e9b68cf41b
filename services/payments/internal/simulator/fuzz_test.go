package simulator_test

import (
	"errors"
	"testing"
	"time"

	"souk/platform/field"

	"souk/services/payments/internal/payments"
	"souk/services/payments/internal/simulator"
)

// FuzzReadEvent checks that no message is accepted without its signature, and that a signed one is either an event or invalid.
func FuzzReadEvent(f *testing.F) {
	const secret = simulator.Webhook("whsec_of_a_test")
	for _, payload := range []string{
		`{"id":"evt_1","type":"payment.captured","reference":"souk-1"}`, `{"ID":"evt_2","type":"other"}`, `{"id":1}`, `[]`, `null`, ``,
	} {
		for _, signature := range []string{"", "t=1,v1=00", "v1=00,t=99999999999999999999"} {
			f.Add([]byte(payload), signature)
		}
	}
	f.Fuzz(func(t *testing.T, payload []byte, signature string) {
		if event, err := secret.ReadEvent(payload, signature); !errors.Is(err, payments.ErrBadSignature) {
			t.Errorf("%q is a signature of %q: %+v, %v", signature, payload, event, err)
		}
		event, err := secret.ReadEvent(payload, secret.Sign(payload, time.Now()))
		var invalid *field.Error
		switch {
		case err == nil && event.ID == "":
			t.Errorf("%q is an event without an id", payload)
		case err != nil && !errors.As(err, &invalid):
			t.Errorf("%q: %v", payload, err)
		}
	})
}
