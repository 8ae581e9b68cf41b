package orders_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/idempotency"
	"souk/testkit/pgtest"

	"souk/services/orders/internal/orders"
	"souk/services/orders/internal/postgres"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// shop is the service on a database of its own, with everyone else in memory.
type shop struct {
	*orders.Service
	tickets  *orders.Tickets
	world    *world
	store    *faultyStore
	pool     *pgxpool.Pool
	settings orders.Settings
}

const customer = "0198a000-0000-7000-8000-00000000000c"

func newShop(t *testing.T) *shop {
	t.Helper()
	return newShopWith(t, orders.Settings{Inline: 2 * time.Second, Hold: 10 * time.Minute})
}

func newShopWith(t *testing.T, settings orders.Settings) *shop {
	t.Helper()
	return shopOn(t, pgtest.New(t, postgres.Migrations), settings)
}

// shopOn is a process of the shop on a database that others may use as well, with a new world.
func shopOn(t *testing.T, pool *pgxpool.Pool, settings orders.Settings) *shop {
	t.Helper()
	s := &shop{world: newWorld(), pool: pool, settings: settings}
	store := postgres.New(pool, settings.DueAfter())
	s.store = &faultyStore{Store: store, world: s.world}
	s.Service = orders.New(s.store, s.world.peers(), settings, slog.New(slog.DiscardHandler))
	s.tickets = orders.NewTickets(s.Service, store)
	return s
}

// faultyStore lets the world's hook strike around each transaction.
type faultyStore struct {
	orders.Store
	world *world
}

func (f *faultyStore) Place(ctx context.Context, r orders.Record, key idempotency.Request) (orders.Record, error) {
	return around(ctx, f.world, "place", func() (orders.Record, error) { return f.Store.Place(ctx, r, key) })
}

func (f *faultyStore) Save(ctx context.Context, change orders.Change) (orders.Record, error) {
	return around(ctx, f.world, "save", func() (orders.Record, error) { return f.Store.Save(ctx, change) })
}

func (f *faultyStore) Answer(ctx context.Context, r orders.Record) (orders.Order, error) {
	return around(ctx, f.world, "answer", func() (orders.Order, error) { return f.Store.Answer(ctx, r) })
}

func (f *faultyStore) SaveParcelPosition(ctx context.Context, from, to string, pending []orders.ParcelMoves) error {
	_, err := around(ctx, f.world, "save position", func() (struct{}, error) {
		return struct{}{}, f.Store.SaveParcelPosition(ctx, from, to, pending)
	})
	return err
}

func around[T any](ctx context.Context, w *world, name string, do func() (T, error)) (T, error) {
	var none T
	if err := w.strike(ctx, "before "+name); err != nil {
		return none, err
	}
	result, err := do()
	if struck := w.strike(ctx, "after "+name); struck != nil {
		return none, struck
	}
	return result, err
}

// buy is a request for the whole cart.
func buy(key, method string) orders.PlaceRequest {
	address := home()
	return orders.PlaceRequest{
		CustomerID: customer, IdempotencyKey: key, RequestID: "req-" + key, CartID: cartID,
		ShippingAddress: &address, ShippingOption: "standard", PaymentMethod: method,
	}
}

func (s *shop) mustPlace(t *testing.T, req orders.PlaceRequest) orders.Order {
	t.Helper()
	placement, err := s.PlaceOrder(t.Context(), req)
	if err != nil {
		t.Fatalf("place order: %v", err)
	}
	return placement.Order
}

// mustConfirm places an order that is confirmed.
func (s *shop) mustConfirm(t *testing.T) orders.Order {
	t.Helper()
	order := s.mustPlace(t, buy("key", visa))
	if order.Status != orders.StatusConfirmed {
		t.Fatalf("order is %s (%+v), want confirmed", order.Status, order.Rejection)
	}
	return order
}

func (s *shop) mustGet(t *testing.T, id string) orders.Order {
	t.Helper()
	order, err := s.GetOrder(t.Context(), orders.Viewer{Staff: true}, id)
	if err != nil {
		t.Fatalf("get order: %v", err)
	}
	// Of the moment, and not in an answer.
	order.InProgress, order.ChangedAt = false, time.Time{}
	return order
}

// ids returns the orders of a customer, oldest first.
func (s *shop) ids(t *testing.T, customerID string) []string {
	t.Helper()
	rows, err := s.pool.Query(t.Context(), "SELECT id FROM orders WHERE customer_id = $1 ORDER BY id", customerID)
	if err != nil {
		t.Fatal(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// isDue reports whether somebody will finish an order, now or some time later.
func (s *shop) isDue(t *testing.T, orderID string) (due bool) {
	t.Helper()
	if err := s.pool.QueryRow(t.Context(), "SELECT due_at IS NOT NULL FROM orders WHERE id = $1", orderID).Scan(&due); err != nil {
		t.Fatal(err)
	}
	return due
}

func (s *shop) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := s.pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// eventually waits for ok, for as long as an order that is due may take to be found.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("timed out: %s", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// commits counts what a pool commits.
type commits struct {
	mu sync.Mutex
	n  int
}

func (c *commits) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	if data.SQL == "commit" {
		c.mu.Lock()
		c.n++
		c.mu.Unlock()
	}
	return ctx
}

func (c *commits) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
