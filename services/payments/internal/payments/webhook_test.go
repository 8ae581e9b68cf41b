package payments_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/field"

	"souk/services/payments/internal/payments"
	"souk/services/payments/internal/simulator"
)

// network changes an order's payment at the simulator directly.
type network struct {
	*simulator.Simulator
	payment payments.Payment
}

func (n network) mustCapture(t *testing.T) {
	t.Helper()
	_, err := n.Capture(t.Context(), n.payment)
	must(t, err)
}

func networkOf(pool *pgxpool.Pool, order string) network {
	return network{simulator.New(pool, simulator.Config{}), payments.Payment{Reference: "souk-" + order, Method: simulator.Visa, Amount: price}}
}

func message(id, kind, order string) []byte {
	return fmt.Appendf(nil, `{"id":%q,"type":%q,"reference":"souk-%s"}`, id, kind, order)
}

// deliver sends the service a message about an order's payment.
func deliver(t *testing.T, s *payments.Service, kind, order string) {
	t.Helper()
	payload := message(uuid.NewString(), kind, order)
	if err := s.HandleWebhook(t.Context(), "simulator", payload, webhookSecret.Sign(payload, time.Now())); err != nil {
		t.Fatalf("webhook: %v", err)
	}
}

func TestAWebhookSettlesAPaymentWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]payments.Status{
		simulator.Visa: payments.Authorized, simulator.CardDeclined: payments.Declined,
	} {
		s, provider, _ := setupHooked(t)
		order := uuid.NewString()
		provider.authorize = func(call func() error) error {
			return errors.Join(call(), payments.ErrOutcomeUnknown)
		}
		if _, err := s.Authorize(t.Context(), order, price, method); !errors.Is(err, payments.ErrOutcomeUnknown) {
			t.Fatalf("err = %v, want ErrOutcomeUnknown", err)
		}
		deliver(t, s, "payment.authorized", order)
		if p, err := s.Payment(t.Context(), order); err != nil || p.Status != want {
			t.Errorf("%s: %s, %v; want %s", method, p.Status, err, want)
		}
	}
}

func TestAWebhookUpdatesAPaymentToTheProvidersState(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		happens func(t *testing.T, n network)
		status  payments.Status
	}{
		"captured": {func(t *testing.T, n network) { n.mustCapture(t) }, payments.Captured},
		"voided":   {func(t *testing.T, n network) { must(t, n.Void(t.Context(), n.payment)) }, payments.Voided},
		"nothing":  {func(*testing.T, network) {}, payments.Authorized},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _, pool := setup(t)
			order := authorize(t, s)
			test.happens(t, networkOf(pool, order))
			// The content of the message does not matter, only that there is one.
			deliver(t, s, "payment.declined", order)
			b := onlyBooks(t, s)
			if b.Payment.Status != test.status || b.Open != b.Provider.Open || b.Captured != b.Provider.Captured || b.UnbalancedMovements != 0 {
				t.Errorf("books = %+v, provider's = %+v; want %s and both the same", b, b.Provider, test.status)
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAWebhookUpdatesRefundsToTheProvidersState(t *testing.T) {
	t.Parallel()
	s, provider, pool := setupHooked(t)
	order, lost := capture(t, s), uuid.NewString()
	provider.refund = func(call func() error) error { return errors.Join(call(), payments.ErrOutcomeUnknown) }
	if _, err := s.Refund(t.Context(), order, lost, pence(100)); !errors.Is(err, payments.ErrOutcomeUnknown) {
		t.Fatal(err)
	}
	n := networkOf(pool, order)
	if _, err := n.Refund(t.Context(), n.payment, payments.Refund{Reference: "re_by_hand", Amount: pence(30)}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		deliver(t, s, "payment.refunded", order)
		b := onlyBooks(t, s)
		if b.Refunded != pence(130) || b.Payment.Refunded != pence(130) || b.Provider.Refunded != pence(130) {
			t.Errorf("refunded %v, in the ledger %v, at the provider %v; want 1.30", b.Payment.Refunded, b.Refunded, b.Provider.Refunded)
		}
	}
	if p, err := s.Refund(t.Context(), order, lost, pence(100)); err != nil || p.Refunded != pence(130) {
		t.Errorf("the lost one again: %v, %v; want 1.30", p.Refunded, err)
	}
	// The bank returns the money.
	if _, err := pool.Exec(t.Context(), `UPDATE simulator.refunds SET status = 'failed' WHERE amount = 100`); err != nil {
		t.Fatal(err)
	}
	deliver(t, s, "payment.refunded", order)
	b := onlyBooks(t, s)
	if b.Refunded != pence(30) || b.Payment.Refunded != pence(30) || b.UnbalancedMovements != 0 {
		t.Errorf("refunded %v, in the ledger %v, %d unbalanced; want 0.30", b.Payment.Refunded, b.Refunded, b.UnbalancedMovements)
	}
	if _, err := s.Refund(t.Context(), order, lost, pence(100)); !errors.Is(err, payments.ErrRefundFailed) {
		t.Errorf("the failed one again: %v, want ErrRefundFailed", err)
	}
}

func TestARepeatedWebhookChangesNothing(t *testing.T) {
	t.Parallel()
	s, _, pool := setup(t)
	order := authorize(t, s)
	payload := message("evt_1", "payment.captured", order)
	signature := webhookSecret.Sign(payload, time.Now())
	must(t, s.HandleWebhook(t.Context(), "simulator", payload, signature))
	n := networkOf(pool, order)
	n.mustCapture(t)
	must(t, s.HandleWebhook(t.Context(), "simulator", payload, signature))
	if p, err := s.Payment(t.Context(), order); err != nil || p.Status != payments.Authorized {
		t.Errorf("after a replay: %s, %v; want authorized", p.Status, err)
	}
	deliver(t, s, "payment.captured", order)
	if p, err := s.Payment(t.Context(), order); err != nil || p.Status != payments.Captured {
		t.Errorf("after a new one: %s, %v; want captured", p.Status, err)
	}
}

func TestAWebhookIsProcessedAgainIfTheProviderFailed(t *testing.T) {
	t.Parallel()
	s, provider, pool := setupHooked(t)
	order := authorize(t, s)
	n := networkOf(pool, order)
	n.mustCapture(t)
	payload := message("evt_1", "payment.captured", order)
	signature := webhookSecret.Sign(payload, time.Now())
	provider.lookup = func(func() error) error { return payments.ErrOutcomeUnknown }
	if err := s.HandleWebhook(t.Context(), "simulator", payload, signature); !errors.Is(err, payments.ErrOutcomeUnknown) {
		t.Fatalf("err = %v, want ErrOutcomeUnknown", err)
	}
	must(t, s.HandleWebhook(t.Context(), "simulator", payload, signature))
	if p, err := s.Payment(t.Context(), order); err != nil || p.Status != payments.Captured {
		t.Errorf("the second time: %s, %v; want captured", p.Status, err)
	}
}

func TestAWebhookVoidsAnAuthorizationThatCameAfterItsVoid(t *testing.T) {
	t.Parallel()
	s, provider, pool := setupHooked(t)
	order := uuid.NewString()
	provider.authorize = func(func() error) error { return payments.ErrOutcomeUnknown }
	if _, err := s.Authorize(t.Context(), order, price, simulator.Visa); !errors.Is(err, payments.ErrOutcomeUnknown) {
		t.Fatal(err)
	}
	provider.void = func(func() error) error { return payments.ErrNotFound }
	must(t, s.Void(t.Context(), order))
	n := networkOf(pool, order)
	if _, err := n.Authorize(t.Context(), n.payment); err != nil {
		t.Fatal(err)
	}
	deliver(t, s, "payment.authorized", order)
	assertBoth(t, s, pool, order, payments.Voided, "voided")
}

func TestUnsignedWebhooksAreRefused(t *testing.T) {
	t.Parallel()
	s, _, _ := setup(t)
	payload := message("evt_1", "payment.captured", authorize(t, s))
	now := time.Now()
	good := webhookSecret.Sign(payload, now)
	tests := map[string]struct {
		provider, signature string
		payload             []byte
		want                error
	}{
		"good":           {"simulator", good, payload, nil},
		"four minutes":   {"simulator", webhookSecret.Sign(payload, now.Add(-4*time.Minute)), payload, nil},
		"six minutes":    {"simulator", webhookSecret.Sign(payload, now.Add(-6*time.Minute)), payload, payments.ErrBadSignature},
		"none":           {"simulator", "", payload, payments.ErrBadSignature},
		"another secret": {"simulator", simulator.Webhook("guess").Sign(payload, now), payload, payments.ErrBadSignature},
		"another body":   {"simulator", good, append(payload[:len(payload):len(payload)], ' '), payments.ErrBadSignature},
		"another scheme": {"simulator", strings.Replace(good, "v1=", "v0=", 1), payload, payments.ErrBadSignature},
		"who":            {"paypal", good, payload, payments.ErrUnknownProvider},
	}
	for name, test := range tests {
		if err := s.HandleWebhook(t.Context(), test.provider, test.payload, test.signature); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
	var invalid *field.Error
	if err := s.HandleWebhook(t.Context(), "simulator", []byte(`{}`), webhookSecret.Sign([]byte(`{}`), now)); !errors.As(err, &invalid) {
		t.Errorf("no event: %v, want a violation", err)
	}
}

func TestWebhooksAboutUnknownPaymentsAreIgnored(t *testing.T) {
	t.Parallel()
	s, provider, pool := setupHooked(t)
	order := authorize(t, s)
	provider.lookup = func(func() error) error {
		t.Error("the provider was asked")
		return nil
	}
	deliver(t, s, "payment.captured", uuid.NewString())
	deliver(t, s, "payout.created", order)
	barred := uuid.NewString()
	must(t, s.Void(t.Context(), barred))
	deliver(t, s, "payment.voided", barred)
	var events int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM webhook_events`).Scan(&events); err != nil || events != 1 {
		t.Errorf("%d events saved, %v; want the one of a payment", events, err)
	}
}

func TestOurBooksFollowAPartThatWasCapturedElsewhere(t *testing.T) {
	t.Parallel()
	s, _, pool := setup(t)
	order := authorize(t, s)
	if _, err := pool.Exec(t.Context(), `UPDATE simulator.authorizations SET status = 'captured', amount = 5`); err != nil {
		t.Fatal(err)
	}
	deliver(t, s, "payment.captured", order)
	b := onlyBooks(t, s)
	if b.Payment.Status != payments.Captured || b.Payment.CapturedAmount() != pence(5) || b.Captured != pence(5) || b.Voided != pence(1994) ||
		b.Open != pence(0) || b.Provider.Captured != pence(5) || b.UnbalancedMovements != 0 {
		t.Errorf("%+v, want 0.05 captured and the rest let go", b)
	}
	if p, err := s.Capture(t.Context(), order); err != nil || p.CapturedAmount() != pence(5) {
		t.Errorf("capture: %v, %v; want what was captured", p.CapturedAmount(), err)
	}
	if _, err := s.Refund(t.Context(), order, uuid.NewString(), pence(6)); !errors.Is(err, payments.ErrRefundTooLarge) {
		t.Errorf("refund of more: %v, want ErrRefundTooLarge", err)
	}
}
