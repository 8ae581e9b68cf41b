package stripe_test

import (
	"errors"
	"testing"
	"time"

	"souk/platform/field"

	"souk/services/payments/internal/payments"
)

// FuzzReadEvent checks that no message is accepted without its signature, and that a signed one is either an event or invalid.
func FuzzReadEvent(f *testing.F) {
	for _, payload := range []string{
		`{"id":"evt_1","type":"payment_intent.succeeded","data":{"object":{"id":"pi_1","metadata":{"souk_payment":"souk-1"}}}}`,
		`{"id":"evt_2","type":"charge.refunded","data":{"object":{"id":"ch_1","payment_intent":{"id":"pi_1"},"metadata":{}}}}`,
		`{"id":"evt_3","data":null}`, `{"id":"evt_4","type":"refund","data":{"object":[]}}`, `{"id":"evt_5","data":{"object":null}}`, `[]`, `null`, ``,
	} {
		for _, signature := range []string{"", "t=1,v1=00", "t=,v1=", "v1=00,t=99999999999999999999", "t=1795000000,v0=00,v1=zz,v1=", ",,=,="} {
			f.Add([]byte(payload), signature)
		}
	}
	f.Fuzz(func(t *testing.T, payload []byte, signature string) {
		if event, err := secret.ReadEvent(payload, signature); !errors.Is(err, payments.ErrBadSignature) {
			t.Errorf("%q is a signature of %q: %+v, %v", signature, payload, event, err)
		}
		event, err := secret.ReadEvent(payload, signed(string(payload), secret, time.Now()))
		var invalid *field.Error
		switch {
		case err == nil && event.ID == "":
			t.Errorf("%q is an event without an id", payload)
		case err != nil && !errors.As(err, &invalid):
			t.Errorf("%q: %v", payload, err)
		}
	})
}
