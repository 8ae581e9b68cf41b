package aftersales

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"souk/services/orders/internal/order"
)

// DispatchOrder books the parcel of a confirmed order, takes the money, and hands the parcel to the carrier. An order that is dispatched
// already is returned as it is. It returns order.ErrNotFound or order.ErrNotDispatchable, or saga.ErrUnavailable when the decision is
// saved but carrying it out takes longer.
func (a *AfterSales) DispatchOrder(ctx context.Context, staffID, id string) (order.View, error) {
	o, err := order.Find(ctx, a.store, order.Viewer{Staff: true}, id)
	if err != nil {
		return order.View{}, err
	}
	bookingID, err := uuid.NewV7()
	if err != nil {
		return order.View{}, err
	}
	return a.decide(ctx, o, decision{
		actor: staffID, intent: order.IntentDispatch, begin: func(o *order.Order) error { return o.BeginDispatch(bookingID.String()) },
		target: order.StatusFulfilled, refused: order.ErrNotDispatchable,
	})
}

// dispatch carries out the decision to dispatch. The money is taken only for a parcel that shipping has booked, and the parcel leaves only
// when the money was taken. When either is refused for good, the decision ends and the order stays confirmed.
func (s steps) dispatch(ctx context.Context, o order.Order) (order.Order, error) {
	booking := Booking{ID: o.BookingID(), OrderID: o.ID()}
	err := s.peers.Shipping.Book(ctx, booking, o.ShippingAddress(), o.Shipping())
	if errors.Is(err, ErrNotShippable) {
		return s.abandonDispatch(ctx, o, err.Error())
	}
	if err != nil {
		return o, fmt.Errorf("book: %w", err)
	}
	payment, err := s.peers.Payments.Capture(ctx, o.ID())
	if errors.Is(err, ErrNotAuthorized) {
		if err := s.peers.Shipping.CancelBooking(ctx, booking); err != nil {
			return o, fmt.Errorf("cancel booking: %w", err)
		}
		return s.abandonDispatch(ctx, o, "its payment can no longer be captured")
	}
	if err != nil {
		return o, fmt.Errorf("capture: %w", err)
	}
	shipment, err := s.peers.Shipping.HandOver(ctx, booking)
	if err != nil {
		return o, fmt.Errorf("hand over: %w", err)
	}
	if err := o.FollowPayment(payment); err != nil {
		return o, err
	}
	if err := o.Dispatch(shipment); err != nil {
		return o, err
	}
	return s.orders.Save(ctx, o)
}

// abandonDispatch ends the decision to dispatch.
func (s steps) abandonDispatch(ctx context.Context, o order.Order, why string) (order.Order, error) {
	if err := o.AbandonDispatch(why); err != nil {
		return o, err
	}
	s.logger.WarnContext(ctx, "dispatch is given up", "order_id", o.ID(), "why", why)
	return s.orders.Save(ctx, o)
}
