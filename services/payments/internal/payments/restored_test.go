package payments_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/money"

	"souk/services/payments/internal/payments"
	"souk/services/payments/internal/simulator"
)

// forget has payments know nothing of any payment, as a database does that is restored from a dump. The card network, whose tables are in
// the same database here, goes on knowing them.
func forget(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	for _, table := range []string{"ledger_entries", "refunds", "payments"} {
		if _, err := pool.Exec(t.Context(), "DELETE FROM "+table); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAForgottenPaymentIsLookedUpAtTheProvider(t *testing.T) {
	t.Parallel()
	s, provider, pool := setup(t)
	order := uuid.NewString()
	if _, err := s.Authorize(t.Context(), order, price, simulator.Visa); err != nil {
		t.Fatal(err)
	}
	forget(t, pool)
	p, err := s.AuthorizeRestored(t.Context(), order, price, simulator.Visa)
	if err != nil || p.Status != payments.Authorized {
		t.Errorf("%s, %v; want authorized", p.Status, err)
	}
	if n := provider.authorized.Load(); n != 1 {
		t.Errorf("the provider was asked %d times to authorize, want 1", n)
	}
}

func TestAForgottenCaptureAndRefundAreLookedUpAtTheProvider(t *testing.T) {
	t.Parallel()
	s, provider, pool := setup(t)
	order, refund, part := uuid.NewString(), uuid.NewString(), money.New(500, "GBP")
	if _, err := s.Authorize(t.Context(), order, price, simulator.Visa); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Capture(t.Context(), order); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Refund(t.Context(), order, refund, part); err != nil {
		t.Fatal(err)
	}
	forget(t, pool)
	if _, err := s.AuthorizeRestored(t.Context(), order, price, simulator.Visa); err != nil {
		t.Fatal(err)
	}
	if p, err := s.Capture(t.Context(), order); err != nil || p.Status != payments.Captured {
		t.Fatalf("%s, %v; want captured", p.Status, err)
	}
	for range 2 {
		p, err := s.RefundRestored(t.Context(), order, refund, part)
		if err != nil || p.Refunded != part {
			t.Fatalf("refunded %s, %v; want %s", p.Refunded, err, part)
		}
	}
	books, _, err := s.Books(t.Context(), payments.BooksQuery{WithProvider: true})
	if err != nil || len(books) != 1 {
		t.Fatalf("%v, %v", books, err)
	}
	if b := books[0]; b.Refunded != part || b.Provider.Refunded != part || b.Captured != price || b.Provider.Captured != price {
		t.Errorf("books %+v, the provider's %+v", b, b.Provider)
	}
	if n := provider.authorized.Load(); n != 1 {
		t.Errorf("the provider was asked %d times to authorize, want 1", n)
	}
}

func TestAPaymentThatNobodyKnowsIsAuthorizedAnew(t *testing.T) {
	t.Parallel()
	s, provider, _ := setup(t)
	p, err := s.AuthorizeRestored(t.Context(), uuid.NewString(), price, simulator.Visa)
	if err != nil || p.Status != payments.Authorized || provider.authorized.Load() != 1 {
		t.Errorf("%s, %v after %d calls", p.Status, err, provider.authorized.Load())
	}
}
