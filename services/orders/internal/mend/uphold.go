package mend

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"souk/services/orders/internal/aftersales"
	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
)

// uphold makes the others agree with an order that was sold: its goods are sold, its money is held or taken, its parcel is sent.
func (m *Mender) uphold(ctx context.Context, o order.Order) error {
	err := m.sell(ctx, o)
	if errors.Is(err, checkout.ErrReservationEnded) {
		return m.cancel(ctx, o)
	}
	if err != nil {
		return notMendable("its goods", err)
	}
	if err := m.pay(ctx, &o); err != nil {
		return err
	}
	if o.Status() == order.StatusConfirmed {
		err = m.followParcel(ctx, &o)
	} else {
		err = errors.Join(m.takeBack(ctx, o), m.send(ctx, &o))
	}
	if err != nil {
		return err
	}
	if err := m.peers.Carts.CheckOut(ctx, o); err != nil {
		return fmt.Errorf("check out cart: %w", err)
	}
	return m.save(ctx, o)
}

// cancel decides to cancel a confirmed order whose goods were released: that happens to such an order only when it is cancelled.
func (m *Mender) cancel(ctx context.Context, o order.Order) error {
	parcel, err := m.peers.Shipping.Parcel(ctx, o.ID())
	if err != nil {
		return fmt.Errorf("read parcel: %w", err)
	}
	if parcel != nil && parcel.HandedOver {
		return fmt.Errorf("%w: its goods were released, and its parcel %s has left", ErrNotMendable, parcel.TrackingNumber)
	}
	if err := o.BeginCancellation(); err != nil {
		return fmt.Errorf("%w: its goods were released: %w", ErrNotMendable, err)
	}
	return m.save(ctx, o)
}

// pay has the money of an order authorized and, if it was dispatched, captured and refunded as it was before. The order adopts the payment.
func (m *Mender) pay(ctx context.Context, o *order.Order) error {
	status, err := m.authorize(ctx, *o)
	if err != nil {
		return err
	}
	dispatched := o.Status() != order.StatusConfirmed
	switch {
	case status == order.PaymentVoided && dispatched:
		return fmt.Errorf("%w: its payment was voided, and its parcel has left", ErrNotMendable)
	case status == order.PaymentAuthorized && dispatched:
		if _, err := m.peers.Payments.Capture(ctx, o.ID()); err != nil {
			return notMendable("its money", err)
		}
	}
	if err := m.refund(ctx, *o); err != nil {
		return err
	}
	return m.adopt(ctx, o)
}

// authorize returns the status of the payment of an order, which is authorized again if payments does not know it.
func (m *Mender) authorize(ctx context.Context, o order.Order) (order.PaymentStatus, error) {
	told, err := m.peers.Payments.Payments(ctx, []string{o.ID()})
	if err != nil {
		return "", fmt.Errorf("read payment: %w", err)
	}
	for _, news := range told {
		if news.Status != order.PaymentPending {
			return news.Status, nil
		}
	}
	news, err := m.peers.Payments.AuthorizeRestored(ctx, o.ID(), o.Totals().Total, o.PaymentMethod())
	if errors.Is(err, checkout.ErrPaymentEnded) {
		return order.PaymentVoided, nil
	}
	if err != nil {
		return "", notMendable("its money", err)
	}
	return news.Status, nil
}

// sell has inventory know that the order bought its goods, as far as their stock is counted.
func (m *Mender) sell(ctx context.Context, o order.Order) error {
	items := o.StockItems()
	if len(items) == 0 {
		return nil
	}
	return m.peers.Inventory.RestoreSale(ctx, o.ID(), items)
}

// refund gives back again what was given back before. A refund that was made at the payment provider is found by payments itself.
func (m *Mender) refund(ctx context.Context, o order.Order) error {
	for _, refund := range o.Repayments() {
		if _, err := m.peers.Payments.RefundRestored(ctx, o.ID(), refund.ID, refund.Amount); err != nil {
			return notMendable("the refund "+refund.ID, err)
		}
	}
	return nil
}

// takeBack has the goods of received returns put back into stock.
func (m *Mender) takeBack(ctx context.Context, o order.Order) error {
	for _, goods := range o.View().Returns {
		items := o.Restocked(goods)
		if goods.Status != order.ReturnRefunded || len(items) == 0 {
			continue // the saga takes back those that are only received
		}
		if err := m.peers.Inventory.Return(ctx, o.ID(), goods.ID, items); err != nil {
			return notMendable("the return "+goods.ID, err)
		}
	}
	return nil
}

// send has the parcel of a dispatched order handed over. The carrier knows the booking by its ID, so the tracking number stays the same.
func (m *Mender) send(ctx context.Context, o *order.Order) error {
	parcel, err := m.peers.Shipping.Parcel(ctx, o.ID())
	if err != nil {
		return fmt.Errorf("read parcel: %w", err)
	}
	if parcel != nil && parcel.HandedOver {
		return nil
	}
	booking := aftersales.Booking{ID: o.BookingID(), OrderID: o.ID()}
	if err := m.peers.Shipping.Book(ctx, booking, o.ShippingAddress(), o.Shipping()); err != nil {
		return notMendable("its parcel", err)
	}
	shipment, err := m.peers.Shipping.HandOver(ctx, booking)
	if err != nil {
		return fmt.Errorf("hand over: %w", err)
	}
	o.SentAgain(shipment)
	return nil
}

// followParcel decides to dispatch a confirmed order whose parcel has left, because it was dispatched. A parcel that is only booked goes
// back to the carrier, and staff dispatch the order again.
func (m *Mender) followParcel(ctx context.Context, o *order.Order) error {
	if o.Intent() != order.IntentNone {
		return nil // the saga goes on with it
	}
	parcel, err := m.peers.Shipping.Parcel(ctx, o.ID())
	switch {
	case err != nil:
		return fmt.Errorf("read parcel: %w", err)
	case parcel == nil:
		return nil
	case !parcel.HandedOver:
		return m.peers.Shipping.CancelBooking(ctx, parcel.Booking)
	}
	bookingID, err := uuid.NewV7()
	if err != nil {
		return err
	}
	return o.BeginDispatch(bookingID.String())
}
