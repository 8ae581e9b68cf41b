package stripe_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	stripego "github.com/stripe/stripe-go/v85"

	"souk/testkit/pgtest"

	"souk/services/payments/internal/payments"
	"souk/services/payments/internal/postgres"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// setup returns the payments service with the fake as its provider.
func setup(t *testing.T) (*payments.Service, *fake) {
	t.Helper()
	s, f, _ := setupPool(t)
	return s, f
}

func setupPool(t *testing.T) (*payments.Service, *fake, *pgxpool.Pool) {
	t.Helper()
	f, provider := newFake(t)
	pool := pgtest.New(t, postgres.Migrations)
	webhooks := map[string]payments.EventReader{"stripe": secret}
	return payments.New(postgres.New(pool), provider, webhooks, slog.New(slog.DiscardHandler)), f, pool
}

// books returns the books of the only payment, including Stripe's.
func books(t *testing.T, s *payments.Service) payments.Books {
	t.Helper()
	books, _, err := s.Books(t.Context(), payments.BooksQuery{WithProvider: true})
	if err != nil || len(books) != 1 || books[0].Provider == nil {
		t.Fatalf("%d books, %v; want 1, with Stripe's", len(books), err)
	}
	return books[0]
}

func TestAPaymentSurvivesLostAnswersAtEveryStep(t *testing.T) {
	t.Parallel()
	s, f := setup(t)
	order, refund := uuid.NewString(), uuid.NewString()
	steps := []struct {
		name string
		call func() (payments.Payment, error)
	}{
		{"authorize", func() (payments.Payment, error) { return s.Authorize(t.Context(), order, price, goodCard) }},
		{"capture", func() (payments.Payment, error) { return s.Capture(t.Context(), order) }},
		{"refund", func() (payments.Payment, error) { return s.Refund(t.Context(), order, refund, pence(500)) }},
	}
	for _, step := range steps {
		f.next(lose)
		if _, err := step.call(); !errors.Is(err, payments.ErrOutcomeUnknown) {
			t.Fatalf("%s: %v, want ErrOutcomeUnknown", step.name, err)
		}
		if _, err := step.call(); err != nil {
			t.Fatalf("%s again: %v", step.name, err)
		}
	}
	b := books(t, s)
	want := payments.ProviderBooks{Open: pence(0), Captured: price, Refunded: pence(500)}
	if _, count := f.status(intentID); count != 1 || b.Payment.ProviderID != intentID || *b.Provider != want || b.Captured != price || b.Refunded != pence(500) {
		t.Errorf("%d intents, books %+v, Stripe's %+v; want one, and both the same", count, b, b.Provider)
	}
}

func TestABusyStripeIsUnavailable(t *testing.T) {
	t.Parallel()
	s, f := setup(t)
	busy := answering(http.StatusTooManyRequests, "invalid_request_error")
	left := 3
	var step func(w http.ResponseWriter, answer func(http.ResponseWriter))
	step = func(w http.ResponseWriter, answer func(http.ResponseWriter)) {
		if left--; left > 0 {
			f.next(step)
		}
		busy(w, answer)
	}
	f.next(step)
	order := uuid.NewString()
	if _, err := s.Authorize(t.Context(), order, price, goodCard); !errors.Is(err, payments.ErrProviderUnavailable) || left != 0 {
		t.Errorf("%v with %d answers left, want ErrProviderUnavailable after three", err, left)
	}
	if p, err := s.Authorize(t.Context(), order, price, goodCard); err != nil || p.Status != payments.Authorized {
		t.Errorf("later: %s, %v; want authorized", p.Status, err)
	}
}

// deliver has the service take a message, which was signed at a moment.
func deliver(t *testing.T, s *payments.Service, message string, at time.Time) {
	t.Helper()
	if err := s.HandleWebhook(t.Context(), "stripe", []byte(message), signed(message, secret, at)); err != nil {
		t.Fatalf("%s: %v", message, err)
	}
}

func TestStripesMessagesBringOurBooksToItsOwn(t *testing.T) {
	t.Parallel()
	s, f := setup(t)
	order := uuid.NewString()
	charge := func(kind string) {
		t.Helper()
		message := fmt.Sprintf(`{"id":%q,"type":%q,"data":{"object":{"id":"ch_1","payment_intent":%q,"metadata":{"souk_payment":"souk-%s"}}}}`,
			uuid.NewString(), kind, intentID, order)
		deliver(t, s, message, time.Now())
	}
	f.next(lose)
	if _, err := s.Authorize(t.Context(), order, price, goodCard); !errors.Is(err, payments.ErrOutcomeUnknown) {
		t.Fatal(err)
	}
	for _, message := range f.messages() {
		deliver(t, s, message, time.Now())
	}
	if b := books(t, s); b.Payment.Status != payments.Authorized || b.Payment.ProviderID != intentID || b.Open != price {
		t.Errorf("%+v, want it authorized", b)
	}

	f.inDashboard(func(pi *stripego.PaymentIntent) {
		f.take(pi, price.Amount)
		f.giveBack(pi, 42, "", nil)
	})
	charge("charge.refunded")
	if b := books(t, s); b.Payment.Status != payments.Captured || b.Captured != price || b.Refunded != pence(42) || b.Provider.Refunded != b.Refunded {
		t.Errorf("%+v, want it captured, with 0.42 refunded", b)
	}

	f.sendBack(refundID)
	charge("charge.refund.updated")
	if b := books(t, s); b.Refunded != pence(0) || b.Payment.Refunded != pence(0) || b.UnbalancedMovements != 0 {
		t.Errorf("%+v, want nothing refunded", b)
	}
}
