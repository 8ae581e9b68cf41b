package payments_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/uuid"

	"souk/platform/field"
	"souk/platform/money"

	"souk/services/payments/internal/payments"
	"souk/services/payments/internal/simulator"
)

func TestBooksAreSumsOfTheLedger(t *testing.T) {
	t.Parallel()
	s, _, pool := setup(t)
	order := capture(t, s)
	for range 2 {
		if _, err := s.Refund(t.Context(), order, uuid.NewString(), pence(300)); err != nil {
			t.Fatal(err)
		}
	}
	// The payment's own row must not matter.
	if _, err := pool.Exec(t.Context(), `UPDATE payments SET status = 'voided', refunded = 0, amount = 1`); err != nil {
		t.Fatal(err)
	}
	b := onlyBooks(t, s)
	if b.Authorized != price || b.Captured != price || b.Voided != pence(0) || b.Open != pence(0) || b.Refunded != pence(600) || b.UnbalancedMovements != 0 {
		t.Errorf("books = %+v, want 19.99 captured and 6.00 refunded", b)
	}
	if *b.Provider != (payments.ProviderBooks{Open: pence(0), Captured: price, Refunded: pence(600)}) {
		t.Errorf("at the provider: %+v, want the same", b.Provider)
	}
}

func TestBooksCountUnbalancedMovements(t *testing.T) {
	t.Parallel()
	s, _, pool := setup(t)
	order := capture(t, s)
	for range 2 {
		if _, err := s.Refund(t.Context(), order, uuid.NewString(), pence(300)); err != nil {
			t.Fatal(err)
		}
	}
	// Two errors that would cancel each other out in a single sum.
	_, err := pool.Exec(t.Context(), `UPDATE ledger_entries SET amount = amount + CASE refund_id WHEN (SELECT min(id::text)::uuid FROM refunds) THEN 1 ELSE -1 END
		WHERE account = 'refunds'`)
	if err != nil {
		t.Fatal(err)
	}
	if b := onlyBooks(t, s); b.UnbalancedMovements != 2 {
		t.Errorf("%d unbalanced movements, want 2", b.UnbalancedMovements)
	}
	if _, err := pool.Exec(t.Context(), `UPDATE ledger_entries SET currency = 'JPY' WHERE movement = 'captured' AND account = 'sales'`); err != nil {
		t.Fatal(err)
	}
	if b := onlyBooks(t, s); b.UnbalancedMovements != 3 {
		t.Errorf("%d unbalanced movements, want 3", b.UnbalancedMovements)
	}
}

func TestBooksComeInPages(t *testing.T) {
	t.Parallel()
	s, _, _ := setup(t)
	orders := make([]string, 5)
	for i := range orders {
		orders[i] = authorize(t, s)
	}
	var paged []string
	for query := (payments.BooksQuery{Limit: 2}); ; {
		books, next, err := s.Books(t.Context(), query)
		if err != nil || len(books) > 2 {
			t.Fatalf("%d books, %v", len(books), err)
		}
		for _, b := range books {
			paged = append(paged, b.Payment.OrderID)
		}
		if query.After = next; next == "" {
			break
		}
	}
	if !slices.Equal(paged, orders) { // payment IDs sort by time
		t.Errorf("orders %v, want %v", paged, orders)
	}
	wanted := []string{orders[3], orders[1], uuid.NewString()}
	books, next, err := s.Books(t.Context(), payments.BooksQuery{OrderIDs: wanted})
	if err != nil || next != "" || len(books) != 2 || books[0].Payment.OrderID != orders[1] || books[1].Payment.OrderID != orders[3] {
		t.Errorf("books of two orders: %v, %q, %v", books, next, err)
	}
}

func TestBooksOfPaymentsUnknownToTheProvider(t *testing.T) {
	t.Parallel()
	s, provider, _ := setupHooked(t)
	provider.authorize = func(func() error) error { return payments.ErrOutcomeUnknown }
	if _, err := s.Authorize(t.Context(), uuid.NewString(), price, simulator.Visa); !errors.Is(err, payments.ErrOutcomeUnknown) {
		t.Fatal(err)
	}
	must(t, s.Void(t.Context(), uuid.NewString()))
	books, _, err := s.Books(t.Context(), payments.BooksQuery{WithProvider: true})
	if err != nil || len(books) != 2 || books[0].Provider != nil || books[1].Provider != nil || books[1].Open != money.New(0, "XXX") {
		t.Errorf("books = %+v, %v; want two that the provider does not know", books, err)
	}
}

func TestInvalidBooksQueriesAreRefused(t *testing.T) {
	t.Parallel()
	s, _, _ := setup(t)
	for _, query := range []payments.BooksQuery{
		{Limit: -1}, {Limit: 1001}, {After: "7"}, {OrderIDs: []string{"7"}}, {OrderIDs: slices.Repeat([]string{uuid.NewString()}, 1001)},
	} {
		var invalid *field.Error
		if _, _, err := s.Books(t.Context(), query); !errors.As(err, &invalid) || len(invalid.Violations) != 1 {
			t.Errorf("%d %q: %v, want one violation", query.Limit, query.After, err)
		}
	}
}
