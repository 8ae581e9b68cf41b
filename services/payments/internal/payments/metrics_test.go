package payments

import (
	"errors"
	"log/slog"
	"testing"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// refusing refuses every message.
type refusing struct{}

func (refusing) ReadEvent([]byte, string) (Event, error) { return Event{}, ErrBadSignature }

func TestRefusedWebhooksAreCountedByConfiguredProvider(t *testing.T) {
	t.Parallel()
	s := New(nil, nil, map[string]EventReader{"refusing": refusing{}}, slog.New(slog.DiscardHandler))
	named, others := webhookMessages.WithLabelValues("refusing", webhookRefused), webhookMessages.WithLabelValues(otherProvider, webhookRefused)
	namedBefore, othersBefore, stranger := testutil.ToFloat64(named), testutil.ToFloat64(others), uuid.NewString()
	if err := s.HandleWebhook(t.Context(), "refusing", nil, ""); !errors.Is(err, ErrBadSignature) {
		t.Fatal(err)
	}
	for range 3 {
		if err := s.HandleWebhook(t.Context(), stranger, nil, ""); !errors.Is(err, ErrUnknownProvider) {
			t.Fatal(err)
		}
	}
	// Other tests count webhooks of unknown providers too.
	if n, m := testutil.ToFloat64(named)-namedBefore, testutil.ToFloat64(others)-othersBefore; n != 1 || m < 3 {
		t.Errorf("%v refused of the configured provider and %v of others, want 1 and 3", n, m)
	}
	if webhookMessages.DeleteLabelValues(stranger, webhookRefused) {
		t.Error("there is a series for a name that a stranger sent")
	}
}
