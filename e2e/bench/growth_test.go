package bench

import (
	"context"
	"net/http"
	"testing"

	"souk/e2e/bench/growth"
	"souk/e2e/chaos"
	"souk/e2e/shop"
)

// openLoaded starts a shop that data can be loaded into.
func openLoaded(t *testing.T) *grown {
	t.Helper()
	s, err := Open(t.Context(), Options{PartEnv: GrowthEnv})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	g, err := openGrown(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close(context.Background()) })
	return g
}

func TestLoadedDataIsReadByTheServices(t *testing.T) {
	t.Parallel()
	g := openLoaded(t)
	t.Run("carts", func(t *testing.T) { loadedCarts(t, g) })
	t.Run("accounts", func(t *testing.T) { loadedAccounts(t, g) })
	t.Run("products", func(t *testing.T) { loadedProducts(t, g) })
	t.Run("orders", func(t *testing.T) { loadedOrders(t, g) })
	t.Run("stock entries", func(t *testing.T) { loadedEntries(t, g) })
	if err := chaos.Audited(g.Stack)(t.Context()); err != nil {
		t.Error(err)
	}
}

func loadedCarts(t *testing.T, g *grown) {
	const carts = 200
	skus := g.skus()
	if err := g.loader.LoadCarts(t.Context(), carts, skus); err != nil {
		t.Fatal(err)
	}
	long, err := g.loader.LoadCart(t.Context(), g.allSKUs()[:100])
	if err != nil {
		t.Fatal(err)
	}
	door := shop.New(g.URL())
	for id, lines := range map[string]int{growth.CartID(1): growth.CartLines, growth.CartID(carts): growth.CartLines, long: 100} {
		var cart shop.Cart
		if err := door.Do(t.Context(), http.MethodGet, "/v1/carts/"+id, nil, &cart); err != nil {
			t.Fatal(err)
		}
		if len(cart.Lines) != lines || cart.Subtotal.Amount == 0 {
			t.Errorf("the cart %s has %d lines that cost %v, want %d", id, len(cart.Lines), cart.Subtotal, lines)
		}
	}
	cart, err := door.Put(t.Context(), growth.CartID(carts), growth.CartSKU(carts, 1, skus), 7)
	if err != nil || len(cart.Lines) != growth.CartLines || cart.Lines[1].Quantity != 7 {
		t.Errorf("after a change: %+v, %v", cart, err)
	}
}

func loadedAccounts(t *testing.T, g *grown) {
	const accounts = 50
	addresses, err := g.loader.LoadAccounts(t.Context(), accounts)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{1, accounts} {
		customer, session, err := shop.New(g.URL()).Login(t.Context(), growth.Email(i), growth.Password)
		if err != nil {
			t.Fatal(err)
		}
		if session.Customer.ID != growth.AccountID(i) {
			t.Errorf("the account %d has the id %s", i, session.Customer.ID)
		}
		var saved struct{ Items []shop.Address }
		if err := customer.Do(t.Context(), http.MethodGet, "/v1/me/addresses", nil, &saved); err != nil {
			t.Fatal(err)
		}
		if len(saved.Items) != 1 || saved.Items[0].ID != addresses.ID || saved.Items[0].City != "Leeds" {
			t.Errorf("the account %d has the addresses %v", i, saved.Items)
		}
	}
	if _, _, err := shop.New(g.URL()).Register(t.Context(), growth.Email(7), growth.Password, "Ada"); err == nil {
		t.Error("the e-mail of a loaded account can be registered again")
	}
}

func loadedProducts(t *testing.T, g *grown) {
	const editions = 12 // so that the last of them have a new word
	if err := g.loader.LoadProducts(t.Context(), g.slugs(), editions); err != nil {
		t.Fatal(err)
	}
	door, last := shop.New(g.URL()), growth.Editions(editions)[editions-1]
	slug := last.Slug("amber-ceramic-bowl")
	var found shop.Product
	if err := door.Do(t.Context(), http.MethodGet, "/v1/products/"+slug, nil, &found); err != nil {
		t.Fatal(err)
	}
	if found.Title != "amber ceramic wallbowl 1" || found.Category != "wallbowls" || len(found.Variants) != 2 {
		t.Errorf("%s is %+v", slug, found)
	}
	for query, want := range map[string]int{"q=ceramic+wallbowl": 20, "q=ceramic+bowl": 100, "category=wallbowls": 100, "q=" + found.Variants[0].SKU: 1} {
		var page shop.Products
		if err := door.Do(t.Context(), http.MethodGet, "/v1/products?limit=100&"+query, nil, &page); err != nil {
			t.Fatal(err)
		}
		if len(page.Items) != want {
			t.Errorf("%s finds %d products, want %d", query, len(page.Items), want)
		}
	}
	level, err := g.staff.Stock(t.Context(), found.Variants[0].SKU)
	if err != nil || level.Available != pieces {
		t.Errorf("there are %d of %s, %v; want %d", level.Available, found.Variants[0].SKU, err, pieces)
	}
	buy(t, g, found.Variants[1].SKU)
}

// buy places an order of a loaded SKU.
func buy(t *testing.T, g *grown, sku string) {
	t.Helper()
	customer, _, err := shop.New(g.URL()).Login(t.Context(), growth.Email(3), growth.Password)
	if err != nil {
		t.Fatal(err)
	}
	cart, err := customer.OpenCart(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := customer.Put(t.Context(), cart.ID, sku, 2); err != nil {
		t.Fatal(err)
	}
	home := shop.Address{Name: "Ada", Line1: "1 Market Street", City: "Leeds", PostalCode: "LS1 6DT", Country: "GB"}
	order, err := customer.PlaceOrder(t.Context(), "loaded "+sku, shop.Checkout{
		CartID: cart.ID, ShippingAddress: &home, ShippingOption: "royal-standard", PaymentMethod: "pm_card_visa",
	})
	if err != nil || order.Status != "confirmed" {
		t.Errorf("the order is %s, %v", order.Status, err)
	}
}

func loadedOrders(t *testing.T, g *grown) {
	const orders, accounts = 300, 50
	loaded, err := g.loader.LoadOrders(t.Context(), orders, accounts, g.skus())
	if err != nil {
		t.Fatal(err)
	}
	customer, _, err := shop.New(g.URL()).Login(t.Context(), growth.Email(1), growth.Password)
	if err != nil {
		t.Fatal(err)
	}
	order, err := customer.Order(t.Context(), loaded.Newest)
	if err != nil {
		t.Fatal(err)
	}
	if order.Status != "delivered" || order.CustomerID != growth.AccountID(1) || len(order.Lines) != 1 || len(order.Timeline) != 6 ||
		order.Payment.Status != "captured" || order.Payment.Captured != order.Totals.Total {
		t.Errorf("got %+v", order)
	}
	if len(order.Shipments) != 1 || order.Shipments[0].Status != "delivered" || len(order.Shipments[0].Events) != 4 {
		t.Errorf("the parcel is %+v", order.Shipments)
	}
	var all struct{ Items []shop.Order }
	if err := customer.Do(t.Context(), http.MethodGet, "/v1/orders?limit=100", nil, &all); err != nil {
		t.Fatal(err)
	}
	if len(all.Items) != orders/accounts {
		t.Errorf("the account has %d orders, want %d", len(all.Items), orders/accounts)
	}
	line := order.Lines[0]
	level, err := g.staff.Stock(t.Context(), line.SKU)
	// 300 orders were loaded of 20 SKUs, and one of each was placed.
	if want := int64(pieces - orders/20 - 1); err != nil || level.OnHand != want {
		t.Errorf("there are %d of %s, %v; want %d", level.OnHand, line.SKU, err, want)
	}
	back := shop.ReturnRequest{Lines: []shop.ReturnLine{{SKU: line.SKU, Quantity: line.Quantity}}, Reason: "too small"}
	if _, err := customer.RequestReturn(t.Context(), loaded.Newest, back); err != nil {
		t.Errorf("goods of a loaded order cannot be sent back: %v", err)
	}
}

func loadedEntries(t *testing.T, g *grown) {
	sku := g.allSKUs()[0]
	before, err := g.staff.Stock(t.Context(), sku)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.loader.LoadStockEntries(t.Context(), 2*len(g.allSKUs()), g.allSKUs()); err != nil {
		t.Fatal(err)
	}
	after, err := g.staff.Adjust(t.Context(), sku, 5, "counted again")
	if err != nil || after.OnHand != before.OnHand+5 {
		t.Errorf("%d pieces before and %d after 5 were added, %v", before.OnHand, after.OnHand, err)
	}
}
