package orders_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/money"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
	"souk/services/orders/internal/saga"
)

func TestACheckoutIsConfirmedWithinItsBudget(t *testing.T) {
	t.Parallel()
	base := newShop(t)
	config := base.pool.Config()
	counted := &commits{}
	config.ConnConfig.Tracer = counted
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	s := shopOn(t, pool, base.settings)

	o := s.mustConfirm(t)

	if counted.n != 2 {
		t.Errorf("%d commits, want 2", counted.n)
	}
	want := []string{"get cart", "get variants", "quote", "reserve", "authorize", "commit", "check out cart"}
	if !reflect.DeepEqual(s.world.calls, want) {
		t.Errorf("calls %q, want %q", s.world.calls, want)
	}
	if total := money.New(3*1250+2*999+395, "GBP"); o.Totals.Total != total || o.Payment.Authorized != total {
		t.Errorf("total %v, authorized %v, want %v", o.Totals.Total, o.Payment.Authorized, total)
	}
	if saved := s.mustGet(t, o.ID); !reflect.DeepEqual(saved, o) {
		t.Errorf("saved\n%+v\nanswered\n%+v", saved, o)
	}
	s.world.mustAgreeWith(t, o)
	if len(s.world.Carts.Lines[cartID]) != 0 || s.world.Inventory.Left("MUG") != 7 || s.isDue(t, o.ID) {
		t.Errorf("cart %v, mugs %d, due %v", s.world.Carts.Lines[cartID], s.world.Inventory.Left("MUG"), s.isDue(t, o.ID))
	}
}

func TestARefusedCheckoutIsARejectedOrderAndLeavesTheCart(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for name, test := range map[string]struct {
		method string
		mugs   int64
		want   order.Rejection
	}{
		"declined": {declined, 10, order.Rejection{Reason: order.RejectedPaymentDeclined, Detail: "card_declined"}},
		"short": {visa, 2, order.Rejection{
			Reason:    order.RejectedOutOfStock,
			Shortages: []order.Shortage{{SKU: "MUG", Requested: 3, Available: 2}},
		}},
	} {
		s.world.Inventory.SetLeft("MUG", test.mugs)
		o := s.mustPlace(t, buy(name, test.method))
		if o.Status != order.StatusRejected || !reflect.DeepEqual(*o.Rejection, test.want) {
			t.Errorf("%s: %s, %+v", name, o.Status, o.Rejection)
		}
		if saved := s.mustGet(t, o.ID); !reflect.DeepEqual(saved, o) {
			t.Errorf("%s: saved %+v, answered %+v", name, saved, o)
		}
		s.world.mustAgreeWith(t, o)
		if len(s.world.Carts.Lines[cartID]) != 2 || s.world.Inventory.Left("MUG") != test.mugs || s.isDue(t, o.ID) {
			t.Errorf("%s: cart %v, mugs %d, due %v", name, s.world.Carts.Lines[cartID], s.world.Inventory.Left("MUG"), s.isDue(t, o.ID))
		}
	}
}

func TestAnAnswerThatWasLostOnceIsAskedForAgain(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	lost := false
	s.world.setHook(func(_ context.Context, point string) error {
		if point == "after authorize" && !lost {
			lost = true
			return errAway
		}
		return nil
	})
	s.world.mustAgreeWith(t, s.mustConfirm(t))
}

func TestACheckoutThatTakesLongIsAnsweredPendingAndGoesOn(t *testing.T) {
	t.Parallel()
	s := newShopWith(t, orders.Settings{Inline: 100 * time.Millisecond, Hold: time.Minute})
	s.world.setHook(func(ctx context.Context, point string) error {
		if point != "before authorize" {
			return nil
		}
		<-ctx.Done()
		return errAway
	})
	o := s.mustPlace(t, buy("slow", visa))
	if o.Status != order.StatusPending || !s.isDue(t, o.ID) {
		t.Fatalf("order is %s, due %v; want pending and due", o.Status, s.isDue(t, o.ID))
	}
	s.world.setHook(nil)
	if err := s.Advance(t.Context(), o.ID); err != nil {
		t.Fatal(err)
	}
	saved := s.mustGet(t, o.ID)
	if saved.Status != order.StatusConfirmed {
		t.Errorf("order is %s, want confirmed", saved.Status)
	}
	s.world.mustAgreeWith(t, saved)
	again, err := s.PlaceOrder(t.Context(), buy("slow", visa))
	if err != nil || !again.Replayed || !reflect.DeepEqual(again.Order, o) {
		t.Errorf("replay: %v, %+v, want the first answer", err, again)
	}
}

func TestACartThatCannotBeEmptiedDoesNotHoldUpTheOrder(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.world.failing("before check out cart")
	o := s.mustConfirm(t)
	if len(s.world.Carts.Lines[cartID]) != 2 || !s.isDue(t, o.ID) {
		t.Fatalf("cart %v, due %v; want the order due for its cart", s.world.Carts.Lines[cartID], s.isDue(t, o.ID))
	}
	s.world.setHook(nil)
	if err := s.Advance(t.Context(), o.ID); err != nil {
		t.Fatal(err)
	}
	s.world.mustAgreeWith(t, s.mustGet(t, o.ID))
	if s.isDue(t, o.ID) {
		t.Error("the order is still due")
	}
}

func TestAnOrderWhoseHoldEndedBeforeItWasPaidIsRejected(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.world.failing("after authorize", "before commit")
	o := s.mustPlace(t, buy("late", visa))
	if o.Status != order.StatusPending {
		t.Fatalf("order is %s, want pending", o.Status)
	}
	s.world.Inventory.Expire(o.ID)
	s.exec(t, "UPDATE orders SET hold_until = now() - interval '5 seconds'")
	if err := s.Advance(t.Context(), o.ID); err == nil {
		t.Error("decided while inventory may still be ending the hold")
	}
	s.exec(t, "UPDATE orders SET hold_until = now() - interval '1 minute'")
	s.world.setHook(nil)
	if err := s.Advance(t.Context(), o.ID); err != nil {
		t.Fatal(err)
	}
	saved := s.mustGet(t, o.ID)
	if saved.Status != order.StatusRejected || saved.Rejection.Reason != order.RejectedExpired {
		t.Errorf("order is %s, %+v, want expired", saved.Status, saved.Rejection)
	}
	s.world.mustAgreeWith(t, saved)
}

func TestAnOrderThatWasSoldAndPaidIsConfirmedHoweverLate(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.world.failing("before save")
	o := s.mustPlace(t, buy("late", visa))
	s.world.setHook(nil)
	s.exec(t, "UPDATE orders SET hold_until = now() - interval '1 hour'")
	if err := s.Advance(t.Context(), o.ID); err != nil {
		t.Fatal(err)
	}
	saved := s.mustGet(t, o.ID)
	if saved.Status != order.StatusConfirmed {
		t.Errorf("order is %s, want confirmed", saved.Status)
	}
	s.world.mustAgreeWith(t, saved)
}

func TestManyMayAdvanceAnOrderAtOnce(t *testing.T) {
	t.Parallel()
	for name, method := range map[string]string{"confirmed": visa, "declined": declined} {
		s := newShop(t)
		s.world.failing("before reserve")
		o := s.mustPlace(t, buy(name, method))
		s.world.setHook(nil)
		var group sync.WaitGroup
		for range 16 {
			group.Go(func() {
				if err := s.Advance(t.Context(), o.ID); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			})
		}
		group.Wait()
		saved := s.mustGet(t, o.ID)
		s.world.mustAgreeWith(t, saved)
		if len(saved.Timeline) != 2 || s.isDue(t, o.ID) {
			t.Errorf("%s: timeline %+v, due %v", name, saved.Timeline, s.isDue(t, o.ID))
		}
	}
}

func TestAChangedPriceSaysWhatTheCartCostsNow(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	gbp := func(n int64) money.Money { return money.New(n, "GBP") }
	totals := func(subtotal int64) *order.Totals {
		return &order.Totals{Subtotal: gbp(subtotal), Shipping: gbp(395), Tax: gbp(0), Total: gbp(subtotal + 395)}
	}
	mug, teapot, tray := order.Item{SKU: "MUG", Quantity: 3}, order.Item{SKU: "TEAPOT", Quantity: 1}, order.Item{SKU: "TRAY", Quantity: 5}
	noTeapot, noTray := order.Shortage{SKU: "TEAPOT", Requested: 1}, order.Shortage{SKU: "TRAY", Requested: 5}
	for name, test := range map[string]struct {
		cart     []order.Item
		expected int64
		option   string
		want     checkout.PriceChangedError
	}{
		"another total": {[]order.Item{mug}, 1, "", checkout.PriceChangedError{Detail: "the total is 41.45 GBP", Totals: totals(3750)}},
		"a line gone": {[]order.Item{teapot, mug}, 0, "", checkout.PriceChangedError{
			Detail: "TEAPOT is no longer sold", Totals: totals(3750), NoLongerSold: []order.Shortage{noTeapot},
		}},
		"a line gone from the total": {[]order.Item{teapot, mug}, 3750 + 395, "", checkout.PriceChangedError{
			Detail: "TEAPOT is no longer sold", Totals: totals(3750), NoLongerSold: []order.Shortage{noTeapot},
		}},
		"two lines gone": {[]order.Item{teapot, mug, tray}, 1, "", checkout.PriceChangedError{
			Detail: "2 lines are no longer sold", Totals: totals(3750), NoLongerSold: []order.Shortage{noTeapot, noTray},
		}},
		"all lines gone": {[]order.Item{tray}, 0, "", checkout.PriceChangedError{
			Detail: "TRAY is no longer sold", NoLongerSold: []order.Shortage{noTray},
		}},
		"the rest not sent so": {[]order.Item{tray, mug}, 0, "pigeon", checkout.PriceChangedError{
			Detail: "TRAY is no longer sold", NoLongerSold: []order.Shortage{noTray},
		}},
	} {
		s.world.Carts.Lines[cartID] = test.cart
		req := buy(name, visa)
		req.ShippingOption = cmp.Or(test.option, req.ShippingOption)
		if test.expected > 0 {
			req.ExpectedTotal = &money.Money{Amount: test.expected, Currency: "GBP"}
		}
		_, err := s.PlaceOrder(t.Context(), req)
		var changed *checkout.PriceChangedError
		if !errors.As(err, &changed) || !reflect.DeepEqual(*changed, test.want) {
			t.Errorf("%s: %v, %+v, want %+v", name, err, changed, test.want)
		}
	}
	s.world.Carts.Lines[cartID] = []order.Item{teapot, mug}
	s.world.failing("before quote")
	if _, err := s.PlaceOrder(t.Context(), buy("away", visa)); !errors.Is(err, saga.ErrUnavailable) {
		t.Errorf("shipping away: %v", err)
	}
	if ids := s.ids(t, customer); len(ids) != 0 {
		t.Errorf("orders %v were saved", ids)
	}
}

func TestATotalWithoutTheShortLinesIsRefusedForThem(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.world.Catalog.Variants["TRAY"] = checkout.Variant{SKU: "TRAY", Title: "Tray", Price: money.New(500, "GBP"), WeightGrams: 1}
	s.world.Inventory.SetLeft("PLATE", 1)
	s.world.Carts.Lines[cartID] = append(s.world.Carts.Lines[cartID], order.Item{SKU: "TRAY", Quantity: 5})
	req := buy("key", visa)
	req.ExpectedTotal = &money.Money{Amount: 3*1250 + 395, Currency: "GBP"}
	_, err := s.PlaceOrder(t.Context(), req)
	want := []order.Shortage{{SKU: "PLATE", Requested: 2, Available: 1}, {SKU: "TRAY", Requested: 5}}
	var short *checkout.InsufficientStockError
	if !errors.As(err, &short) || !reflect.DeepEqual(short.Shortages, want) {
		t.Errorf("%v, %+v, want %+v", err, short, want)
	}
	s.world.failing("before get levels")
	var changed *checkout.PriceChangedError
	if _, err := s.PlaceOrder(t.Context(), req); !errors.As(err, &changed) {
		t.Errorf("inventory away: %v, want a changed price", err)
	}
	if ids := s.ids(t, customer); len(ids) != 0 {
		t.Errorf("orders %v were saved", ids)
	}
	s.world.setHook(nil)
	s.world.Carts.Lines[cartID] = s.world.Carts.Lines[cartID][1:2]
	s.world.calls = nil
	if o := s.mustPlace(t, req); o.Status != order.StatusConfirmed || slices.Contains(s.world.calls, "get levels") {
		t.Errorf("order %s after the calls %q, want it confirmed without a look at the stock", o.Status, s.world.calls)
	}
}

func TestWhatIsRefusedBeforeAnOrderSavesNothing(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.world.Carts.Lines["empty"] = nil
	s.world.Carts.Lines["gone"] = []order.Item{{SKU: "TEAPOT", Quantity: 1}}
	s.world.Carts.Lines["huge"] = []order.Item{{SKU: "MUG", Quantity: 1 << 60}}
	with := func(change func(*checkout.PlaceRequest)) checkout.PlaceRequest {
		req := buy("refused", visa)
		change(&req)
		return req
	}
	var changed *checkout.PriceChangedError
	for name, test := range map[string]struct {
		req  checkout.PlaceRequest
		want func(error) bool
	}{
		"no cart":    {with(func(r *checkout.PlaceRequest) { r.CartID = "none" }), is(checkout.ErrCartNotFound)},
		"empty cart": {with(func(r *checkout.PlaceRequest) { r.CartID = "empty" }), is(checkout.ErrCartEmpty)},
		"no address": {with(func(r *checkout.PlaceRequest) { r.ShippingAddress, r.AddressID = nil, "none" }), is(checkout.ErrAddressNotFound)},
		"gone SKU":   {with(func(r *checkout.PlaceRequest) { r.CartID = "gone" }), func(err error) bool { return errors.As(err, &changed) }},
		"other total": {with(func(r *checkout.PlaceRequest) { r.ExpectedTotal = &money.Money{Amount: 6142, Currency: "GBP"} }),
			func(err error) bool { return errors.As(err, &changed) }},
		"other currency": {with(func(r *checkout.PlaceRequest) { r.ExpectedTotal = &money.Money{Amount: 6143, Currency: "EUR"} }),
			func(err error) bool { return errors.As(err, &changed) }},
		"overflow":  {with(func(r *checkout.PlaceRequest) { r.CartID = "huge" }), names("cart_id")},
		"no option": {with(func(r *checkout.PlaceRequest) { r.ShippingOption = "pigeon" }), names("shipping_option")},
	} {
		if _, err := s.PlaceOrder(t.Context(), test.req); !test.want(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	s.world.failing("before get variants")
	if _, err := s.PlaceOrder(t.Context(), buy("refused", visa)); !errors.Is(err, saga.ErrUnavailable) {
		t.Errorf("catalog away: %v", err)
	}
	if ids := s.ids(t, customer); len(ids) != 0 {
		t.Errorf("orders %v were saved", ids)
	}
	s.world.setHook(nil)
	req := buy("refused", visa) // the key is as good as new
	req.ExpectedTotal = &money.Money{Amount: 6143, Currency: "GBP"}
	req.ShippingAddress, req.AddressID = nil, "home"
	if o := s.mustPlace(t, req); o.Status != order.StatusConfirmed || o.ShippingAddress != home() {
		t.Errorf("order %s to %+v", o.Status, o.ShippingAddress)
	}
}

func TestStockIsReservedInSKUOrderAndSoldInCartOrder(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustConfirm(t)
	skus := func(items []order.Item) (list []string) {
		for _, item := range items {
			list = append(list, item.SKU)
		}
		return list
	}
	if got := skus(s.world.Inventory.Reservations[o.ID].Items); !slices.IsSorted(got) {
		t.Errorf("reserved in the order %v", got)
	}
	if o.Lines[0].SKU != "PLATE" || o.Lines[1].SKU != "MUG" {
		t.Errorf("lines %+v, want the cart's order", o.Lines)
	}
}

func TestTheLargestCartIsOneOrder(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.world.Carts.Lines[cartID] = nil
	for i := range 2000 {
		sku := fmt.Sprintf("SKU-%04d", i)
		s.world.Catalog.Variants[sku] = checkout.Variant{SKU: sku, Title: sku, Price: money.New(int64(i), "GBP"), WeightGrams: 1}
		s.world.Inventory.SetLeft(sku, 100_000)
		s.world.Carts.Lines[cartID] = append(s.world.Carts.Lines[cartID], order.Item{SKU: sku, Quantity: 100_000})
	}
	o := s.mustConfirm(t)
	if saved := s.mustGet(t, o.ID); len(saved.Lines) != 2000 || !reflect.DeepEqual(saved, o) {
		t.Errorf("saved %d lines", len(saved.Lines))
	}
	if want := money.New(1999*2000/2*100_000, "GBP"); o.Totals.Subtotal != want {
		t.Errorf("subtotal %v, want %v", o.Totals.Subtotal, want)
	}
}
