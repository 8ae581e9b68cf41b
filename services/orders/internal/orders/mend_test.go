package orders_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"souk/platform/audit"
	"souk/platform/field"
	"souk/platform/money"

	"souk/services/orders/internal/aftersales"
	"souk/services/orders/internal/mend"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/peerstest"
)

// forgetters have a service forget an order, as one does whose database is restored from a dump that is older than the order. The bank does
// not forget.
var forgetters = map[string]func(t *testing.T, w *world, orderID string){
	"inventory": func(t *testing.T, w *world, orderID string) {
		for id, r := range w.Inventory.Reservations {
			if id != orderID || r.Status != peerstest.Committed {
				continue
			}
			for _, item := range r.Items {
				w.Inventory.Levels[item.SKU].OnHand += item.Quantity
			}
			for _, back := range r.Returned {
				for _, item := range back {
					w.Inventory.Levels[item.SKU].OnHand -= item.Quantity
				}
			}
		}
		delete(w.Inventory.Reservations, orderID)
		if err := w.Inventory.Check(); err != nil {
			t.Fatal(err)
		}
	},
	"payments": func(_ *testing.T, w *world, orderID string) { delete(w.Payments.Books, orderID) },
	"shipping": func(_ *testing.T, w *world, orderID string) {
		delete(w.Shipping.Parcels, orderID)
		delete(w.Shipping.Bookings, orderID)
	},
	"carts": func(_ *testing.T, w *world, orderID string) { delete(w.Carts.CheckedOut, orderID) },
}

// mustMend mends an order twice. The second time changes nothing.
func (s *shop) mustMend(t *testing.T, orderID string) {
	t.Helper()
	for range 2 {
		if err := s.MendOrder(t.Context(), staff, orderID); err != nil {
			t.Fatal(err)
		}
	}
}

// mustTakeBack delivers an order, takes a piece back, and refunds some more.
func (s *shop) mustTakeBack(t *testing.T) order.View {
	t.Helper()
	o := s.mustDeliver(t)
	if _, err := s.ReceiveReturn(t.Context(), received(s.mustReturn(t, sendBack(o, "MUG", 1)))); err != nil {
		t.Fatal(err)
	}
	if _, err := s.RefundOrder(t.Context(), pay(o, "k", 100)); err != nil {
		t.Fatal(err)
	}
	return s.mustGet(t, o.ID)
}

func TestWhatAServiceHasForgottenIsDoneAgain(t *testing.T) {
	t.Parallel()
	for forgetful, forget := range forgetters {
		for status, place := range map[string]func(*shop, *testing.T) order.View{
			"confirmed": (*shop).mustConfirm, "delivered": (*shop).mustDeliver, "returned": (*shop).mustTakeBack,
		} {
			t.Run(status+" forgotten by "+forgetful, func(t *testing.T) {
				t.Parallel()
				s := newShop(t)
				o := place(s, t)
				mugs, refunded := s.world.Inventory.Left("MUG"), s.refunded(o.ID)
				forget(t, s.world, o.ID)
				s.mustMend(t, o.ID)
				mended := s.mustGet(t, o.ID)
				s.world.mustAgreeWith(t, mended)
				if got := s.world.Inventory.Left("MUG"); got != mugs {
					t.Errorf("%d mugs are left, want %d", got, mugs)
				}
				if got := s.refunded(o.ID); got != refunded || mended.Payment.Refunded.Amount != refunded {
					t.Errorf("the bank has refunded %d, and the order says %v; want %d", got, mended.Payment.Refunded, refunded)
				}
				if mended.Status != o.Status || mended.Payment.Captured != o.Payment.Captured {
					t.Errorf("the order is %s with %v captured, want %s with %v", mended.Status, mended.Payment.Captured, o.Status, o.Payment.Captured)
				}
			})
		}
	}
}

// The note about it is in the audit log, with who has had the order mended.
func TestMendingIsInTheAuditLog(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustConfirm(t)
	s.mustMend(t, o.ID)
	if actions, _ := s.logged(t, o.ID); !slices.Contains(actions, audit.OrderMended) {
		t.Errorf("the log: %v", actions)
	}
}

// The others are as they were before the order was cancelled.
func TestACancellationThatTheOthersHaveForgottenIsCarriedOutAgain(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustConfirm(t)
	cancelled, err := s.CancelAnyOrder(t.Context(), staff, o.ID, "damaged")
	if err != nil {
		t.Fatal(err)
	}
	w := s.world
	forgetters["inventory"](t, w, o.ID)
	forgetters["payments"](t, w, o.ID)
	delete(w.Payments.Bank, o.ID)
	peers := w.Peers(w.carry)
	if err := peers.Inventory.RestoreSale(t.Context(), o.ID, []order.StockItem{stockItem("MUG", 3), stockItem("PLATE", 2)}); err != nil {
		t.Fatal(err)
	}
	if _, err := peers.Payments.Authorize(t.Context(), o.ID, o.Totals.Total, visa); err != nil {
		t.Fatal(err)
	}
	s.mustMend(t, o.ID)
	w.mustAgreeWith(t, s.mustGet(t, cancelled.ID))
}

func stockItem(sku string, quantity int64) order.StockItem {
	return order.StockItem{Item: order.Item{SKU: sku, Quantity: quantity}}
}

// undecide has orders forget what was decided about a confirmed order.
func (s *shop) undecide(t *testing.T, orderID string) {
	t.Helper()
	s.exec(t, `UPDATE orders SET status = 'confirmed', intent = '', booking_id = NULL, due_at = NULL, version = version + 1,
		payment_status = 'authorized', captured = 0, payment_version = 0 WHERE id = $1`, orderID)
}

func TestADecisionThatOrdersHasForgottenIsMadeAgain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		decide func(s *shop, id string) error
		want   order.Status
	}{
		"dispatch": {func(s *shop, id string) error { _, err := s.DispatchOrder(t.Context(), staff, id); return err }, order.StatusFulfilled},
		"cancellation": {
			func(s *shop, id string) error {
				_, err := s.CancelAnyOrder(t.Context(), staff, id, "damaged")
				return err
			}, order.StatusCancelled,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			o := s.mustConfirm(t)
			if err := test.decide(s, o.ID); err != nil {
				t.Fatal(err)
			}
			s.undecide(t, o.ID)
			s.mustMend(t, o.ID)
			mended := s.mustGet(t, o.ID)
			if s.world.mustAgreeWith(t, mended); mended.Status != test.want {
				t.Errorf("the order is %s, want %s", mended.Status, test.want)
			}
		})
	}
}

func TestABookingThatOrdersHasForgottenGoesBack(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustConfirm(t)
	s.world.failing("before capture")
	if _, err := s.DispatchOrder(t.Context(), staff, o.ID); err == nil {
		t.Fatal("dispatched")
	}
	s.world.setHook(nil)
	s.undecide(t, o.ID)
	s.mustMend(t, o.ID)
	s.world.mustAgreeWith(t, s.mustGet(t, o.ID))
}

// lose sells goods and holds money for an order that does not exist.
func (s *shop) lose(t *testing.T) (orderID string) {
	t.Helper()
	orderID = uuid.NewString()
	peers := s.world.Peers(s.world.carry)
	if err := peers.Inventory.RestoreSale(t.Context(), orderID, []order.StockItem{stockItem("MUG", 3)}); err != nil {
		t.Fatal(err)
	}
	if _, err := peers.Payments.Authorize(t.Context(), orderID, money.New(5000, "GBP"), visa); err != nil {
		t.Fatal(err)
	}
	if err := peers.Shipping.Book(t.Context(), aftersales.Booking{ID: uuid.NewString(), OrderID: orderID}, home(), order.ShippingChoice{}); err != nil {
		t.Fatal(err)
	}
	return orderID
}

func TestWhatIsHeldForALostOrderIsGivenBack(t *testing.T) {
	t.Parallel()
	for name, captured := range map[string]bool{"held": false, "captured": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			id := s.lose(t)
			if captured {
				if _, err := s.world.Peers(s.world.carry).Payments.Capture(t.Context(), id); err != nil {
					t.Fatal(err)
				}
			}
			s.mustMend(t, id)
			payment := s.world.Payments.Books[id]
			if got := s.world.Inventory.Left("MUG"); got != 10 || payment.Open() != 0 || payment.Captured() != payment.Refunded() {
				t.Errorf("%d mugs are left, and the payment is %+v", got, payment)
			}
			if _, booked := s.world.Shipping.Bookings[id]; booked {
				t.Error("its parcel is booked")
			}
		})
	}
}

func TestALostOrderWhoseParcelHasLeftIsForAPerson(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.lose(t)
	booking := aftersales.Booking{ID: s.world.Shipping.Bookings[id], OrderID: id}
	if _, err := s.world.Peers(s.world.carry).Shipping.HandOver(t.Context(), booking); err != nil {
		t.Fatal(err)
	}
	err := s.MendOrder(t.Context(), staff, id)
	if !errors.Is(err, mend.ErrNotMendable) || !strings.Contains(err.Error(), "its parcel RM1 has left") {
		t.Errorf("mend: %v", err)
	}
	if got := s.world.Inventory.Left("MUG"); got != 7 || s.world.Payments.Books[id].Open() == 0 {
		t.Errorf("%d mugs are left, want nothing changed", got)
	}
}

func TestASaleOfWhatIsSoldOutIsForAPerson(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustConfirm(t)
	forgetters["inventory"](t, s.world, o.ID)
	s.world.Inventory.SetLeft("MUG", 2)
	err := s.MendOrder(t.Context(), staff, o.ID)
	if !errors.Is(err, mend.ErrNotMendable) || !strings.Contains(err.Error(), "its goods") {
		t.Errorf("mend: %v", err)
	}
	s.world.Inventory.SetLeft("MUG", 3)
	s.mustMend(t, o.ID)
	s.world.mustAgreeWith(t, s.mustGet(t, o.ID))
}

func TestOnlyAnIDIsMended(t *testing.T) {
	t.Parallel()
	var invalid *field.Error
	if err := newShop(t).MendOrder(t.Context(), staff, "S-1"); !errors.As(err, &invalid) {
		t.Errorf("mend: %v", err)
	}
}
