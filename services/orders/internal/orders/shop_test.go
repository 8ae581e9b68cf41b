package orders_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/field"
	"souk/platform/idempotency"
	"souk/platform/money"
	"souk/testkit/pgtest"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/events"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
	"souk/services/orders/internal/parcels"
	"souk/services/orders/internal/postgres"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// shop is the service on a database of its own, with everyone else in memory.
type shop struct {
	*orders.Service
	tickets  *events.Tickets
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
	s.Service = orders.New(s.store, s.world.Peers(s.world.carry), settings, slog.New(slog.DiscardHandler))
	s.tickets = events.NewTickets(store, store)
	return s
}

// faultyStore lets the world's hook strike around each transaction.
type faultyStore struct {
	orders.Store
	world *world
}

func (f *faultyStore) Place(ctx context.Context, r order.Order, key idempotency.Request) (order.Order, error) {
	return around(ctx, f.world, "place", func() (order.Order, error) { return f.Store.Place(ctx, r, key) })
}

func (f *faultyStore) Save(ctx context.Context, o order.Order) (order.Order, error) {
	return around(ctx, f.world, "save", func() (order.Order, error) { return f.Store.Save(ctx, o) })
}

func (f *faultyStore) SaveRefund(ctx context.Context, o order.Order, refundID string, key idempotency.Request) (order.Order, error) {
	return around(ctx, f.world, "save", func() (order.Order, error) { return f.Store.SaveRefund(ctx, o, refundID, key) })
}

func (f *faultyStore) Answer(ctx context.Context, r order.Order) (order.View, error) {
	return around(ctx, f.world, "answer", func() (order.View, error) { return f.Store.Answer(ctx, r) })
}

func (f *faultyStore) SaveParcelPosition(ctx context.Context, from, to string, pending []parcels.Parcel) error {
	_, err := around(ctx, f.world, "save position", func() (struct{}, error) {
		return struct{}{}, f.Store.SaveParcelPosition(ctx, from, to, pending)
	})
	return err
}

func (f *faultyStore) SavePaymentPosition(ctx context.Context, from, to string, waiting []order.PaymentNews) error {
	_, err := around(ctx, f.world, "save payment position", func() (struct{}, error) {
		return struct{}{}, f.Store.SavePaymentPosition(ctx, from, to, waiting)
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
func buy(key, method string) checkout.PlaceRequest {
	address := home()
	return checkout.PlaceRequest{
		CustomerID: customer, IdempotencyKey: key, RequestID: "req-" + key, CartID: cartID,
		ShippingAddress: &address, ShippingOption: "standard", PaymentMethod: method,
	}
}

// fromAnotherCart changes a request to be for another cart, with the same items.
func (s *shop) fromAnotherCart(req checkout.PlaceRequest) checkout.PlaceRequest {
	req.CartID = "another cart for " + req.IdempotencyKey
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	s.world.Carts.Lines[req.CartID] = s.world.Carts.Lines[cartID]
	return req
}

func (s *shop) mustPlace(t *testing.T, req checkout.PlaceRequest) order.View {
	t.Helper()
	placement, err := s.PlaceOrder(t.Context(), req)
	if err != nil {
		t.Fatalf("place order: %v", err)
	}
	return placement.Order
}

// mustConfirm places an order that is confirmed.
func (s *shop) mustConfirm(t *testing.T) order.View {
	t.Helper()
	o := s.mustPlace(t, buy("key", visa))
	if o.Status != order.StatusConfirmed {
		t.Fatalf("order is %s (%+v), want confirmed", o.Status, o.Rejection)
	}
	return o
}

func (s *shop) mustGet(t *testing.T, id string) order.View {
	t.Helper()
	o, err := s.GetOrder(t.Context(), order.Viewer{Staff: true}, id)
	if err != nil {
		t.Fatalf("get order: %v", err)
	}
	// Of the moment, and not in an answer.
	o.InProgress, o.ChangedAt, o.Purchases, o.Attention, o.Owed = false, time.Time{}, nil, nil, money.Money{}
	return o
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

func is(want error) func(error) bool {
	return func(err error) bool { return errors.Is(err, want) }
}

// names matches invalid input with a violation of exactly those fields.
func names(fields ...string) func(error) bool {
	return func(err error) bool {
		var invalid *field.Error
		if !errors.As(err, &invalid) {
			return len(fields) == 0 && err == nil
		}
		var named []string
		for _, v := range invalid.Violations {
			named = append(named, v.Field)
		}
		return slices.Equal(named, fields)
	}
}
