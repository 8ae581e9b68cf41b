package bench

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"souk/deploy/local/stack"
	"souk/e2e/shop"
	"souk/e2e/testshop"
)

const (
	// idleParcels are on their way, and none moves.
	idleParcels = 30_000
	// idleSettles is how long the shop may take to read what was put into its databases.
	idleSettles = 30 * time.Second
	// idleWatched is for how long the processes are watched.
	idleWatched = 20 * time.Second
	// idleMost is what orders and shipping may use together, of one core.
	idleMost = 0.05
)

var idleCopies = map[string]string{
	"orders": `INSERT INTO orders SELECT (json_populate_record(orders, json_build_object(
		'id', gen_random_uuid(), 'number', 'N' || i))).* FROM orders, generate_series(1, $1::int) i WHERE id = $2`,
	"shipping": `INSERT INTO shipments SELECT (json_populate_record(shipments, json_build_object(
		'id', gen_random_uuid(), 'order_id', gen_random_uuid(), 'booking_id', gen_random_uuid()))).*
		FROM shipments, generate_series(1, $1::int) i WHERE order_id = $2`,
}

func TestParcelsOnTheirWayCostNextToNothing(t *testing.T) {
	s, stop, err := testshop.Start(t.Context(), stack.Config{Env: []string{"SOUK_RATE_LIMITS=off", "SOUK_SHIPPING_TRANSIT=240h"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	id := dispatchOne(t, s)
	for database, sql := range idleCopies {
		conn, err := pgx.Connect(t.Context(), s.DatabaseURL(database, database))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(t.Context(), sql, idleParcels, id); err != nil {
			t.Fatal(err)
		}
		_ = conn.Close(t.Context())
	}
	time.Sleep(idleSettles)
	before := cpuOfParts(t, s, "orders", "shipping")
	time.Sleep(idleWatched)
	share := (cpuOfParts(t, s, "orders", "shipping") - before).Seconds() / idleWatched.Seconds()
	t.Logf("measured: with %d parcels on their way, orders and shipping together use %.1f %% of a core", idleParcels, 100*share)
	if share > idleMost {
		t.Errorf("%.1f %% of a core, want %.0f %% at most", 100*share, 100*idleMost)
	}
}

// dispatchOne buys an order and has it dispatched, and returns its id.
func dispatchOne(t *testing.T, s *testshop.Shop) string {
	t.Helper()
	staff, _, err := shop.New(s.URL()).Login(t.Context(), s.StaffEmail(), s.StaffPassword())
	if err != nil {
		t.Fatal(err)
	}
	variant := map[string]any{"sku": "MUG", "price": shop.Money{Amount: 1250, Currency: "GBP"}, "weight_grams": 400}
	if err := staff.Do(t.Context(), "POST", "/v1/products", map[string]any{"title": "Mug", "variants": []any{variant}}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := staff.Adjust(t.Context(), "MUG", 10, "test"); err != nil {
		t.Fatal(err)
	}
	customer, _, err := shop.New(s.URL()).Register(t.Context(), uuid.NewString()+"@example.com", "correct horse battery", "Ada")
	if err != nil {
		t.Fatal(err)
	}
	cart, err := customer.OpenCart(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := customer.Put(t.Context(), cart.ID, "MUG", 1); err != nil {
		t.Fatal(err)
	}
	o, err := customer.PlaceOrder(t.Context(), uuid.NewString(), shop.Checkout{
		CartID: cart.ID, ShippingOption: "royal-standard", PaymentMethod: "pm_card_visa",
		ShippingAddress: &shop.Address{Name: "Ada Shopper", Line1: "1 Market Street", City: "Leeds", PostalCode: "LS1 6DT", Country: "GB"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := staff.Do(t.Context(), "POST", "/v1/admin/orders/"+o.ID+"/dispatch", nil, nil); err != nil {
		t.Fatal(err)
	}
	return o.ID
}

// cpuOfParts returns the processor time of parts of the shop until now.
func cpuOfParts(t *testing.T, s *testshop.Shop, parts ...string) (total time.Duration) {
	t.Helper()
	all, err := processes()
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range parts {
		total += cpuOf(all, s.Process(part).PID())
	}
	return total
}
