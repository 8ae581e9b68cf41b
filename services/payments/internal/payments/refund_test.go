package payments_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/field"
	"souk/platform/money"

	"souk/services/payments/internal/payments"
	"souk/services/payments/internal/simulator"
)

// capture creates a captured payment of price.
func capture(t *testing.T, s *payments.Service) (order string) {
	t.Helper()
	order = authorize(t, s)
	if _, err := s.Capture(t.Context(), order); err != nil {
		t.Fatal(err)
	}
	return order
}

func pence(amount int64) money.Money { return money.New(amount, "GBP") }

// atProvider returns the number and the sum of the provider's refunds.
func atProvider(t *testing.T, pool *pgxpool.Pool) (count int, sum int64) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), `SELECT count(*), coalesce(sum(amount), 0)::bigint FROM simulator.refunds`).Scan(&count, &sum); err != nil {
		t.Fatal(err)
	}
	return count, sum
}

// onlyBooks returns the books of the only payment, including the provider's.
func onlyBooks(t *testing.T, s *payments.Service) payments.Books {
	t.Helper()
	books, _, err := s.Books(t.Context(), payments.BooksQuery{WithProvider: true})
	if err != nil || len(books) != 1 {
		t.Fatalf("%d books, %v; want 1", len(books), err)
	}
	return books[0]
}

func TestACaptureIsRefundedInParts(t *testing.T) {
	t.Parallel()
	s, _, _ := setup(t)
	order := capture(t, s)
	for given := int64(250); given <= 500; given += 250 {
		if p, err := s.Refund(t.Context(), order, uuid.NewString(), pence(250)); err != nil || p.Refunded != pence(given) {
			t.Fatalf("part: %v, %v; want %v", p.Refunded, err, pence(given))
		}
	}
	if _, err := s.Refund(t.Context(), order, uuid.NewString(), pence(1500)); !errors.Is(err, payments.ErrRefundTooLarge) {
		t.Errorf("more than is left: %v, want ErrRefundTooLarge", err)
	}
	p, err := s.Refund(t.Context(), order, uuid.NewString(), pence(1499))
	if err != nil || p.Refunded != price || p.Status != payments.Captured || p.CapturedAmount() != price {
		t.Errorf("the rest: %v, %v; want all refunded, and still captured", p, err)
	}
	if p, err := s.Payment(t.Context(), order); err != nil || p.Refunded != price {
		t.Errorf("payment: %v, %v; want %v refunded", p.Refunded, err, price)
	}
}

func TestRefundsWithOneIDHappenOnce(t *testing.T) {
	t.Parallel()
	s, _, pool := setup(t)
	order, other, id := capture(t, s), capture(t, s), uuid.NewString()
	for range 2 {
		if p, err := s.Refund(t.Context(), order, id, pence(700)); err != nil || p.Refunded != pence(700) {
			t.Errorf("refund: %v, %v; want 7.00", p.Refunded, err)
		}
	}
	if _, err := s.Refund(t.Context(), order, id, pence(701)); !errors.Is(err, payments.ErrRefundMismatch) {
		t.Errorf("another amount: %v, want ErrRefundMismatch", err)
	}
	if _, err := s.Refund(t.Context(), other, id, pence(700)); !errors.Is(err, payments.ErrRefundMismatch) {
		t.Errorf("another order: %v, want ErrRefundMismatch", err)
	}
	if count, sum := atProvider(t, pool); count != 1 || sum != 700 {
		t.Errorf("the provider made %d refunds of %d, want one of 700", count, sum)
	}
}

func TestOnlyCapturedMoneyIsRefunded(t *testing.T) {
	t.Parallel()
	s, _, pool := setup(t)
	open, voided := authorize(t, s), authorize(t, s)
	if err := s.Void(t.Context(), voided); err != nil {
		t.Fatal(err)
	}
	for _, order := range []string{open, voided} {
		if _, err := s.Refund(t.Context(), order, uuid.NewString(), pence(1)); !errors.Is(err, payments.ErrNotCaptured) {
			t.Errorf("refund: %v, want ErrNotCaptured", err)
		}
	}
	for _, order := range []string{uuid.NewString(), "7"} {
		if _, err := s.Refund(t.Context(), order, uuid.NewString(), pence(1)); !errors.Is(err, payments.ErrNotFound) {
			t.Errorf("refund of no order: %v, want ErrNotFound", err)
		}
	}
	var invalid *field.Error
	if _, err := s.Refund(t.Context(), open, "7", money.New(0, "gbp")); !errors.As(err, &invalid) || len(invalid.Violations) != 3 {
		t.Errorf("err = %v, want violations of refund_id, amount and currency", err)
	}
	if _, err := s.Refund(t.Context(), capture(t, s), uuid.NewString(), money.New(1, "JPY")); !errors.As(err, &invalid) {
		t.Errorf("another currency: %v, want a violation", err)
	}
	if count, _ := atProvider(t, pool); count != 0 {
		t.Errorf("the provider made %d refunds, want none", count)
	}
}

func TestARefundWithALostAnswerIsLookedUpNotRepeated(t *testing.T) {
	t.Parallel()
	s, provider, pool := setupHooked(t)
	order, id := uuid.NewString(), uuid.NewString()
	if _, err := s.Authorize(t.Context(), order, price, simulator.Timeout); !errors.Is(err, payments.ErrOutcomeUnknown) {
		t.Fatal(err)
	}
	if _, err := s.Authorize(t.Context(), order, price, simulator.Timeout); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Capture(t.Context(), order); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Refund(t.Context(), order, id, price); !errors.Is(err, payments.ErrOutcomeUnknown) {
		t.Fatalf("err = %v, want ErrOutcomeUnknown", err)
	}
	if _, err := s.Refund(t.Context(), order, uuid.NewString(), pence(1)); !errors.Is(err, payments.ErrRefundTooLarge) {
		t.Errorf("another meanwhile: %v, want ErrRefundTooLarge", err)
	}
	provider.refund = func(func() error) error {
		t.Error("the provider was asked for the refund again")
		return payments.ErrOutcomeUnknown
	}
	if p, err := s.Refund(t.Context(), order, id, price); err != nil || p.Refunded != price {
		t.Errorf("again: %v, %v; want %v", p.Refunded, err, price)
	}
	if count, sum := atProvider(t, pool); count != 1 || sum != price.Amount {
		t.Errorf("the provider made %d refunds of %d, want one of %d", count, sum, price.Amount)
	}
}

func TestARefundThatNeverReachedTheProviderIsRepeated(t *testing.T) {
	t.Parallel()
	s, provider, _ := setupHooked(t)
	order, id := capture(t, s), uuid.NewString()
	provider.refund = func(func() error) error { return payments.ErrOutcomeUnknown }
	if _, err := s.Refund(t.Context(), order, id, price); !errors.Is(err, payments.ErrOutcomeUnknown) {
		t.Fatalf("err = %v, want ErrOutcomeUnknown", err)
	}
	if p, err := s.Refund(t.Context(), order, id, price); err != nil || p.Refunded != price {
		t.Errorf("again: %v, %v; want %v", p.Refunded, err, price)
	}
}

func TestARefusedRefundChangesNothing(t *testing.T) {
	t.Parallel()
	s, _, pool := setup(t)
	order, id := capture(t, s), uuid.NewString()
	// Somebody has refunded money at the provider directly.
	_, err := pool.Exec(t.Context(), `INSERT INTO simulator.refunds (reference, payment, amount, status) VALUES ('re_1', 'souk-' || $1::text, 1, 'succeeded')`, order)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := s.Refund(t.Context(), order, id, price); !errors.Is(err, payments.ErrRefundFailed) {
			t.Errorf("err = %v, want ErrRefundFailed", err)
		}
	}
	// Our books followed the provider's.
	if p, err := s.Payment(t.Context(), order); err != nil || p.Refunded != pence(1) {
		t.Errorf("refunded %v, %v; want 0.01", p.Refunded, err)
	}
	if p, err := s.Refund(t.Context(), order, uuid.NewString(), pence(1998)); err != nil || p.Refunded != price {
		t.Errorf("what is left: %v, %v; want all refunded", p.Refunded, err)
	}
}

func TestConcurrentRefundsNeverExceedTheCapturedMoney(t *testing.T) {
	t.Parallel()
	s, _, pool := setup(t)
	order := capture(t, s)
	const each = 150 // 13 of them fit into 1999
	var given, refused atomic.Int64
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			switch _, err := s.Refund(t.Context(), order, uuid.NewString(), pence(each)); {
			case err == nil:
				given.Add(each)
			case errors.Is(err, payments.ErrRefundTooLarge):
				refused.Add(1)
			default:
				t.Errorf("refund: %v", err)
			}
		})
	}
	wg.Wait()
	books := onlyBooks(t, s)
	if given.Load() != 13*each || refused.Load() != 19 || books.Refunded != pence(13*each) || books.Payment.Refunded != books.Refunded ||
		books.Provider.Refunded != books.Refunded || books.UnbalancedMovements != 0 {
		t.Errorf("%d given back, %d refused, books %+v; want %d everywhere and 19 refused", given.Load(), refused.Load(), books, 13*each)
	}
	if count, _ := atProvider(t, pool); count != 13 {
		t.Errorf("the provider made %d refunds, want 13", count)
	}
}

func TestConcurrentRequestsForOneRefundHappenOnce(t *testing.T) {
	t.Parallel()
	s, _, pool := setup(t)
	order, id := capture(t, s), uuid.NewString()
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			if p, err := s.Refund(t.Context(), order, id, pence(150)); err != nil || p.Refunded != pence(150) {
				t.Errorf("refund: %v, %v; want 1.50", p.Refunded, err)
			}
		})
	}
	wg.Wait()
	var entries int
	err := pool.QueryRow(t.Context(), `SELECT count(*) FROM ledger_entries WHERE refund_id IS NOT NULL`).Scan(&entries)
	if count, sum := atProvider(t, pool); err != nil || entries != 2 || count != 1 || sum != 150 {
		t.Errorf("%d entries, %v; %d refunds of %d at the provider; want 2, and one of 150", entries, err, count, sum)
	}
}

// broken is a provider that answers every call with an error without effect.
type broken struct{ payments.Provider }

func (broken) Authorize(context.Context, payments.Payment) (payments.Authorization, error) {
	return payments.Authorization{}, errors.New("429")
}

func TestAProviderThatKeepsFailingIsUnavailable(t *testing.T) {
	t.Parallel()
	_, provider, pool := setup(t)
	s, order := newService(pool, broken{provider}), uuid.NewString()
	if _, err := s.Authorize(t.Context(), order, price, simulator.Visa); !errors.Is(err, payments.ErrProviderUnavailable) {
		t.Errorf("err = %v, want ErrProviderUnavailable", err)
	}
	if p, err := newService(pool, provider).Authorize(t.Context(), order, price, simulator.Visa); err != nil || p.Status != payments.Authorized {
		t.Errorf("once it is back: %s, %v; want authorized", p.Status, err)
	}
}
