package postgres_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/audit"
	"souk/platform/pgaudit"
	"souk/platform/security"
	"souk/testkit/pgtest"

	"souk/services/inventory/internal/inventory"
	"souk/services/inventory/internal/postgres"
)

// actionsOn returns the actions on a subject in the audit log, the oldest first.
func actionsOn(t *testing.T, pool *pgxpool.Pool, subject string) (actions []audit.Action) {
	t.Helper()
	page, more, err := pgaudit.New(pool).List(t.Context(), audit.Filter{Subject: subject, Limit: 100})
	if err != nil || more {
		t.Fatal(more, err)
	}
	for _, r := range slices.Backward(page) {
		actions = append(actions, r.Action)
	}
	return actions
}

func expectActions(t *testing.T, pool *pgxpool.Pool, subject string, want ...audit.Action) {
	t.Helper()
	if got := actionsOn(t, pool, subject); !slices.Equal(got, want) {
		t.Errorf("the log of %s: %v, want %v", subject, got, want)
	}
}

// Each change is in the log once, although every call is made twice. What changes nothing is not in it.
func TestEachChangeOfStockIsInTheAuditLogOnce(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	ctx := security.WithActor(t.Context(), security.Actor{Customer: "boss", Staff: true, Service: "gateway"})
	opening := []inventory.Line{{SKU: "CUP", Quantity: 5}, {SKU: "MUG", Quantity: 7}}
	returned := inventory.Return{ID: uuid.NewString(), Lines: []inventory.Line{{SKU: "CUP", Quantity: 1}}}
	sold, released, refused, early := reservation(opening[0]), reservation(opening[1]), reservation(inventory.Line{SKU: "CUP", Quantity: 99}), reservation(opening[1])
	returned.OrderID = sold.OrderID
	for range 2 {
		_, opened := s.Open(ctx, opening, "import")
		_, reserved := s.Reserve(ctx, sold)
		_, held := s.Reserve(ctx, released)
		for _, err := range []error{opened, reserved} {
			if err != nil {
				t.Fatal(err)
			}
		}
		_ = held // the second one has ended
		if _, err := s.Reserve(ctx, refused); !isShort(err) {
			t.Fatal(err)
		}
		for _, err := range []error{
			s.Commit(ctx, sold.OrderID), s.Return(ctx, returned), s.Release(ctx, released.OrderID), s.Release(ctx, early.OrderID),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := s.Adjust(ctx, inventory.Adjustment{SKU: "CUP", Delta: -1, Reason: "broken"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Adjust(ctx, inventory.Adjustment{SKU: "CUP", Delta: -1000, Reason: "too many"}); err == nil {
		t.Fatal("more was taken than there is")
	}
	expectActions(t, pool, "CUP", audit.StockOpened, audit.StockAdjusted)
	expectActions(t, pool, "MUG", audit.StockOpened)
	expectActions(t, pool, sold.OrderID, audit.StockReserved, audit.StockSold, audit.StockReturned)
	expectActions(t, pool, released.OrderID, audit.StockReserved, audit.StockReleased)
	expectActions(t, pool, refused.OrderID)
	expectActions(t, pool, early.OrderID)
	page, _, err := pgaudit.New(pool).List(t.Context(), audit.Filter{Action: string(audit.StockAdjusted), Limit: 1})
	if err != nil || len(page) != 1 || page[0].Actor.ID != "boss" || page[0].Actor.Kind != audit.Staff || page[0].Detail["delta"] != "-1" || page[0].Detail["on_hand"] != "0" {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestHoldsThatExpireAreInTheAuditLog(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	stock(t, s, "CUP", 5)
	r := reservation(inventory.Line{SKU: "CUP", Quantity: 1})
	if _, err := s.Reserve(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	endHold(t, pool, r.OrderID)
	if err := s.Sweep(security.WithActor(t.Context(), security.Actor{Service: "inventory"})); err != nil {
		t.Fatal(err)
	}
	expectActions(t, pool, r.OrderID, audit.StockReserved, audit.StockHoldExpired)
	page, _, err := pgaudit.New(pool).List(t.Context(), audit.Filter{Actor: "inventory", Limit: 10})
	if err != nil || len(page) != 1 || page[0].Actor.Kind != audit.Service {
		t.Errorf("%+v, %v", page, err)
	}
}

// statements counts what is sent to PostgreSQL.
type statements struct{ atomic.Int64 }

func (s *statements) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	s.Add(1)
	return ctx
}

func (s *statements) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func TestTheAuditLogCostsASaleNoRoundTrip(t *testing.T) {
	t.Parallel()
	config := pgtest.New(t, postgres.Migrations).Config()
	var sent statements
	config.ConnConfig.Tracer = &sent
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	s := newService(pool)
	stock(t, s, "CUP", 5)
	before := sent.Load()
	order := buy(t, s, inventory.Line{SKU: "CUP", Quantity: 1})
	if n := sent.Load() - before; n != 4 {
		t.Errorf("a sale took %d round trips, want 4: begin, reserve, commit of the transaction, and the commit of the reservation", n)
	}
	expectActions(t, pool, order, audit.StockReserved, audit.StockSold)
}
