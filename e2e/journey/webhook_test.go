package journey

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"

	"souk/e2e/shop"
)

// webhookSecret is what the card network signs with, in the shop of these tests.
const webhookSecret = "the simulated network's secret"

// signed signs a message as the card network does.
func signed(message json.RawMessage) shop.Header {
	at := time.Now().Unix()
	mac := hmac.New(sha256.New, []byte(webhookSecret))
	fmt.Fprintf(mac, "%d.%s", at, message)
	return shop.Header{Name: "Souk-Signature", Value: fmt.Sprintf("t=%d,v1=%s", at, hex.EncodeToString(mac.Sum(nil)))}
}

func TestTheCardNetworksMessagesAreTakenWhenSigned(t *testing.T) {
	t.Parallel()
	if running == nil {
		t.Skip("the shop is someone else's, and so is its webhooks' secret")
	}
	c := customer(t)
	order := buy(t, c, stocked(t, 500, 4), 1)
	const path = "/v1/webhooks/payments/simulator"
	message := json.RawMessage(`{"id":"` + uuid.NewString() + `","type":"payment.captured","reference":"souk-` + order.ID + `"}`)
	// What the message says is not true: the network is asked, and holds the money still.
	for range 2 {
		if err := anonymous().Do(t.Context(), http.MethodPost, path, message, nil, signed(message)); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := c.Order(t.Context(), order.ID); err != nil || got.Payment.Captured.Amount != 0 {
		t.Errorf("captured %v, %v", got.Payment.Captured, err)
	}
	forged := signed(json.RawMessage(`{}`))
	wantProblem(t, anonymous().Do(t.Context(), http.MethodPost, path, message, nil, forged), http.StatusBadRequest, "invalid_request")
	wantProblem(t, anonymous().Do(t.Context(), http.MethodPost, path, message, nil), http.StatusBadRequest, "invalid_request")
	err := anonymous().Do(t.Context(), http.MethodPost, "/v1/webhooks/payments/other", message, nil, signed(message))
	wantProblem(t, err, http.StatusNotFound, "not_found")
}
