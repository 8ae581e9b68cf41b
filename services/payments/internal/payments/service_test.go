package payments_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/field"
	"souk/platform/money"
	"souk/testkit/pgtest"

	"souk/services/payments/internal/payments"
	"souk/services/payments/internal/postgres"
	"souk/services/payments/internal/simulator"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var price = money.New(1999, "GBP")

// counting counts the calls to the provider.
type counting struct {
	payments.Provider
	authorized, voided atomic.Int64
}

func (c *counting) Authorize(ctx context.Context, p payments.Payment) (payments.Authorization, error) {
	c.authorized.Add(1)
	return c.Provider.Authorize(ctx, p)
}

func (c *counting) Void(ctx context.Context, p payments.Payment) error {
	c.voided.Add(1)
	return c.Provider.Void(ctx, p)
}

func setup(t *testing.T) (*payments.Service, *counting, *pgxpool.Pool) {
	t.Helper()
	pool := pgtest.New(t, postgres.Migrations)
	provider := &counting{Provider: simulator.New(pool, simulator.Config{Slow: 300 * time.Millisecond})}
	return newService(pool, provider), provider, pool
}

const webhookSecret = simulator.Webhook("whsec_of_a_test")

func newService(pool *pgxpool.Pool, provider payments.Provider) *payments.Service {
	webhooks := map[string]payments.EventReader{"simulator": webhookSecret}
	return payments.New(postgres.New(pool), provider, webhooks, slog.New(slog.DiscardHandler))
}

func TestAuthorizeByMethod(t *testing.T) {
	t.Parallel()
	s, _, _ := setup(t)
	for method, want := range map[string]payments.Payment{
		simulator.Visa:              {Status: payments.Authorized},
		simulator.Flaky:             {Status: payments.Authorized},
		simulator.Slow:              {Status: payments.Authorized},
		simulator.CardDeclined:      {Status: payments.Declined, DeclineReason: "card_declined"},
		simulator.InsufficientFunds: {Status: payments.Declined, DeclineReason: "insufficient_funds"},
		"pm_of_mine":                {Status: payments.Declined, DeclineReason: "unknown_payment_method"},
		"pm_1MqLiJLkdIwHu7ixUEgbFd": {Status: payments.Declined, DeclineReason: "unknown_payment_method"},
		"PM_CARD_VISA":              {Status: payments.Declined, DeclineReason: "unknown_payment_method"},
		"Überweisung, bitte!":       {Status: payments.Declined, DeclineReason: "unknown_payment_method"},
	} {
		got, err := s.Authorize(t.Context(), uuid.NewString(), price, method)
		if err != nil || got.Status != want.Status || got.DeclineReason != want.DeclineReason {
			t.Errorf("%s: %s %q, %v; want %s %q", method, got.Status, got.DeclineReason, err, want.Status, want.DeclineReason)
		}
	}
}

func TestAnAuthorizationWithALostAnswerIsLookedUpNotRepeated(t *testing.T) {
	t.Parallel()
	s, provider, _ := setup(t)
	order := uuid.NewString()
	if _, err := s.Authorize(t.Context(), order, price, simulator.Timeout); !errors.Is(err, payments.ErrOutcomeUnknown) {
		t.Fatalf("err = %v, want ErrOutcomeUnknown", err)
	}
	got, err := s.Authorize(t.Context(), order, price, simulator.Timeout)
	if err != nil || got.Status != payments.Authorized {
		t.Errorf("again: %s, %v; want authorized", got.Status, err)
	}
	if n := provider.authorized.Load(); n != 1 {
		t.Errorf("the provider was asked %d times to authorize, want 1", n)
	}
}

func TestASlowAuthorizationIsFoundAfterItsCallerLeft(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, postgres.Migrations)
	provider := &hooked{Provider: simulator.New(pool, simulator.Config{Slow: 300 * time.Millisecond})}
	s, order := newService(pool, provider), uuid.NewString()
	impatient, cancel := context.WithCancel(t.Context())
	defer cancel()
	provider.authorize = func(call func() error) error {
		time.AfterFunc(50*time.Millisecond, cancel)
		return call()
	}
	if _, err := s.Authorize(impatient, order, price, simulator.Slow); !errors.Is(err, payments.ErrOutcomeUnknown) {
		t.Fatalf("err = %v, want ErrOutcomeUnknown", err)
	}
	got, err := s.Authorize(t.Context(), order, price, simulator.Slow)
	if err != nil || got.Status != payments.Authorized {
		t.Errorf("later: %s, %v; want authorized", got.Status, err)
	}
}

func TestRepeatedAuthorizeChargesOnce(t *testing.T) {
	t.Parallel()
	s, _, pool := setup(t)
	order := uuid.NewString()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if p, err := s.Authorize(t.Context(), order, price, simulator.Visa); err != nil || p.Status != payments.Authorized {
				t.Errorf("authorize: %s, %v", p.Status, err)
			}
		})
	}
	wg.Wait()
	var entries int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM ledger_entries`).Scan(&entries); err != nil || entries != 2 {
		t.Errorf("%d ledger entries, %v; want 2", entries, err)
	}
	if _, err := s.Authorize(t.Context(), order, money.New(1, "GBP"), simulator.Visa); !errors.Is(err, payments.ErrMismatch) {
		t.Errorf("another amount: %v, want ErrMismatch", err)
	}
}

func TestCaptureAndVoidExcludeEachOther(t *testing.T) {
	t.Parallel()
	s, _, _ := setup(t)
	captured, voided := uuid.NewString(), uuid.NewString()
	for _, order := range []string{captured, voided} {
		if _, err := s.Authorize(t.Context(), order, price, simulator.Visa); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if p, err := s.Capture(t.Context(), captured); err != nil || p.CapturedAmount() != price {
			t.Errorf("capture: %v, %v", p.CapturedAmount(), err)
		}
		if err := s.Void(t.Context(), voided); err != nil {
			t.Errorf("void: %v", err)
		}
	}
	if err := s.Void(t.Context(), captured); !errors.Is(err, payments.ErrAlreadyCaptured) {
		t.Errorf("void of a captured payment: %v, want ErrAlreadyCaptured", err)
	}
	if _, err := s.Capture(t.Context(), voided); !errors.Is(err, payments.ErrNotAuthorized) {
		t.Errorf("capture of a voided payment: %v, want ErrNotAuthorized", err)
	}
}

func TestVoidBeforeAuthorizePreventsIt(t *testing.T) {
	t.Parallel()
	s, provider, _ := setup(t)
	order := uuid.NewString()
	if err := s.Void(t.Context(), order); err != nil {
		t.Fatal(err)
	}
	p, err := s.Authorize(t.Context(), order, price, simulator.Visa)
	if err != nil || p.Status != payments.Voided {
		t.Errorf("authorize after void: %s, %v; want voided", p.Status, err)
	}
	if n := provider.authorized.Load(); n != 0 {
		t.Errorf("the provider was asked %d times, want never", n)
	}
}

func TestVoidOfAnUnknownOutcomeReachesTheProvider(t *testing.T) {
	t.Parallel()
	s, provider, pool := setup(t)
	order := uuid.NewString()
	if _, err := s.Authorize(t.Context(), order, price, simulator.Timeout); !errors.Is(err, payments.ErrOutcomeUnknown) {
		t.Fatal(err)
	}
	if err := s.Void(t.Context(), order); err != nil {
		t.Fatal(err)
	}
	var status string
	if err := pool.QueryRow(t.Context(), `SELECT status FROM simulator.authorizations`).Scan(&status); err != nil || status != "voided" {
		t.Errorf("at the provider: %q, %v; want voided", status, err)
	}
	if provider.voided.Load() == 0 {
		t.Error("the provider was not asked to void")
	}
}

func TestEveryMovementBalances(t *testing.T) {
	t.Parallel()
	s, _, pool := setup(t)
	for i := range 6 {
		order := uuid.NewString()
		if _, err := s.Authorize(t.Context(), order, money.New(int64(100+i), "GBP"), simulator.Visa); err != nil {
			t.Fatal(err)
		}
		var err error
		if i%2 == 0 {
			_, err = s.Capture(t.Context(), order)
		} else {
			err = s.Void(t.Context(), order)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var movements, unbalanced int
	err := pool.QueryRow(t.Context(), `SELECT count(*), count(*) FILTER (WHERE sum <> 0) FROM
		(SELECT sum(amount) FROM ledger_entries GROUP BY payment_id, movement) movements`).Scan(&movements, &unbalanced)
	if err != nil || movements != 12 || unbalanced != 0 {
		t.Errorf("%d movements, %d unbalanced, %v; want 12 and 0", movements, unbalanced, err)
	}
}

func TestErrorsOfInvalidInputNameTheFields(t *testing.T) {
	t.Parallel()
	s, _, _ := setup(t)
	_, err := s.Authorize(t.Context(), "7", money.New(0, "gbp"), "pm\x00")
	var invalid *field.Error
	if !errors.As(err, &invalid) || len(invalid.Violations) != 4 {
		t.Errorf("err = %v, want violations of order_id, amount, currency and payment_method", err)
	}
}
