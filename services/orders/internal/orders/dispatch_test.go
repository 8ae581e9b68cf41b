package orders_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"souk/services/orders/internal/order"
)

// mustRefuseDispatch dispatches an order, and fails the test unless that is refused for a reason.
func (s *shop) mustRefuseDispatch(t *testing.T, id, why string) {
	t.Helper()
	_, err := s.DispatchOrder(t.Context(), staff, id)
	if !errors.Is(err, order.ErrNotDispatchable) || !strings.Contains(err.Error(), why) {
		t.Errorf("dispatch: %v, want a refusal because %s", err, why)
	}
	o := s.mustGet(t, id)
	if s.world.mustAgreeWith(t, o); o.Status != order.StatusConfirmed || o.Payment.Captured.Amount != 0 || s.isDue(t, id) {
		t.Errorf("order is %s, captured %v, due %v", o.Status, o.Payment.Captured, s.isDue(t, id))
	}
}

func TestNoMoneyIsTakenForAParcelThatShippingRefuses(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustConfirm(t)
	s.world.Shipping.Refuses = func(string) bool { return true }
	for range 2 {
		s.mustRefuseDispatch(t, o.ID, "unknown shipping option")
	}
	if slices.Contains(s.world.calls, "capture") {
		t.Errorf("calls %q, want no capture", s.world.calls)
	}
	s.world.Shipping.Refuses = nil
	fulfilled, err := s.DispatchOrder(t.Context(), staff, o.ID)
	if err != nil || fulfilled.Status != order.StatusFulfilled {
		t.Fatalf("dispatch once shipping takes it: %s, %v", fulfilled.Status, err)
	}
	s.world.mustAgreeWith(t, fulfilled)
}

func TestNoParcelLeavesUnpaid(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustConfirm(t)
	s.world.Payments.Bank[o.ID].Expire()
	_, err := s.DispatchOrder(t.Context(), staff, o.ID)
	if !errors.Is(err, order.ErrNotDispatchable) || !strings.Contains(err.Error(), "its payment can no longer be captured") {
		t.Errorf("dispatch: %v", err)
	}
	if s.isDue(t, o.ID) {
		t.Error("the order is still due")
	}
	if slices.Contains(s.world.calls, "hand over") {
		t.Errorf("calls %q, want no parcel handed over", s.world.calls)
	}
	cancelled := s.mustEnd(t, o.ID)
	if s.world.mustAgreeWith(t, cancelled); cancelled.Status != order.StatusCancelled {
		t.Errorf("order is %s", cancelled.Status)
	}
}

func TestAParcelIsBookedBeforeTheMoneyIsTakenAndLeavesAfterwards(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustConfirm(t)
	s.world.calls = nil
	if _, err := s.DispatchOrder(t.Context(), staff, o.ID); err != nil {
		t.Fatal(err)
	}
	if want := []string{"book", "capture", "hand over"}; !slices.Equal(s.world.calls, want) {
		t.Errorf("calls %q, want %q", s.world.calls, want)
	}
}

// An instance of the version before has saved a dispatch. It names no booking.
func TestADispatchOfTheVersionBeforeIsCarriedOut(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustConfirm(t)
	s.exec(t, "UPDATE orders SET intent = 'dispatch', version = version + 1, due_at = now() WHERE id = $1", o.ID)
	if err := s.Advance(t.Context(), o.ID); err != nil {
		t.Fatal(err)
	}
	fulfilled := s.mustGet(t, o.ID)
	if s.world.mustAgreeWith(t, fulfilled); fulfilled.Status != order.StatusFulfilled {
		t.Errorf("order is %s", fulfilled.Status)
	}
}

// An instance of the version before has given a dispatch up, without canceling its booking.
func TestABookingThatTheVersionBeforeLeftOpenIsUsed(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustConfirm(t)
	s.world.failing("before capture")
	if _, err := s.DispatchOrder(t.Context(), staff, o.ID); err == nil {
		t.Fatal("dispatched")
	}
	s.world.setHook(nil)
	open := s.world.Shipping.Bookings[o.ID]
	s.exec(t, "UPDATE orders SET intent = '', version = version + 1, due_at = NULL WHERE id = $1", o.ID)
	s.world.failing("before capture")
	if _, err := s.DispatchOrder(t.Context(), staff, o.ID); err == nil || s.world.Shipping.Bookings[o.ID] != open {
		t.Errorf("%v, and the booking %s became %s", err, open, s.world.Shipping.Bookings[o.ID])
	}
	s.world.setHook(nil)
	if err := s.Advance(t.Context(), o.ID); err != nil {
		t.Fatal(err)
	}
	s.world.mustAgreeWith(t, s.mustGet(t, o.ID))
}
