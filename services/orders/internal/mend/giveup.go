package mend

import (
	"context"
	"errors"
	"fmt"

	"souk/platform/money"

	"souk/services/orders/internal/aftersales"
	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/saga"
	"souk/services/orders/internal/settlement"
)

// giveUp makes the others agree with an order that was rejected or cancelled: they hold nothing for it.
func (m *Mender) giveUp(ctx context.Context, o order.Order) error {
	if err := m.callBack(ctx, o.ID()); err != nil {
		return err
	}
	if err := m.peers.Inventory.Release(ctx, o.ID()); err != nil {
		return fmt.Errorf("release reservation: %w", err)
	}
	if err := m.adopt(ctx, &o); err != nil {
		return err
	}
	if o.PaidWith(order.PaymentCaptured) {
		if err := m.refund(ctx, o); err != nil {
			return err
		}
		if err := m.adopt(ctx, &o); err != nil {
			return err
		}
	}
	for {
		next, done, err := m.money.LetGo(ctx, o)
		if err != nil {
			return err
		}
		if o = next; done {
			return m.save(ctx, o)
		}
	}
}

// giveBack has the others give back what they hold for an ID that is no order. Orders has forgotten that order, and cannot make it anew:
// the others do not know its lines' prices, its customer or its address.
func (m *Mender) giveBack(ctx context.Context, id string) error {
	if err := m.callBack(ctx, id); err != nil {
		return err
	}
	if err := m.peers.Inventory.Release(ctx, id); err != nil {
		return fmt.Errorf("release reservation: %w", err)
	}
	told, err := m.peers.Payments.Payments(ctx, []string{id})
	if err != nil {
		return fmt.Errorf("read payment: %w", err)
	}
	for _, payment := range told {
		if err := m.payBack(ctx, payment); err != nil {
			return err
		}
	}
	return nil
}

// payBack lets the money of a payment go, or refunds what is left of it.
func (m *Mender) payBack(ctx context.Context, payment order.PaymentNews) error {
	if payment.Status != order.PaymentCaptured {
		_, err := m.peers.Payments.Void(ctx, payment.OrderID)
		if !errors.Is(err, settlement.ErrAlreadyCaptured) {
			return err
		}
	}
	left := money.New(payment.Captured.Amount-payment.Refunded.Amount, payment.Amount.Currency)
	if left.Amount <= 0 {
		return nil
	}
	if _, err := m.peers.Payments.Refund(ctx, payment.OrderID, settlement.RestID(payment.OrderID), left); err != nil {
		return notMendable("its money", err)
	}
	return nil
}

// callBack gives a booked parcel back to its carrier. It returns ErrNotMendable for a parcel that has left.
func (m *Mender) callBack(ctx context.Context, orderID string) error {
	parcel, err := m.peers.Shipping.Parcel(ctx, orderID)
	switch {
	case err != nil:
		return fmt.Errorf("read parcel: %w", err)
	case parcel == nil:
		return nil
	case parcel.HandedOver:
		return fmt.Errorf("%w: nothing is sold to it, and its parcel %s has left", ErrNotMendable, parcel.TrackingNumber)
	default:
		return m.peers.Shipping.CancelBooking(ctx, parcel.Booking)
	}
}

// notMendable returns ErrNotMendable for an error that stays the same when the call is repeated.
func notMendable(what string, err error) error {
	var short *checkout.InsufficientStockError
	var declined *checkout.DeclinedError
	final := errors.As(err, &short) || errors.As(err, &declined) || errors.Is(err, settlement.ErrNotRefundable) ||
		errors.Is(err, aftersales.ErrNotAuthorized) || errors.Is(err, aftersales.ErrNotShippable)
	if final && !errors.Is(err, saga.ErrUnavailable) {
		return fmt.Errorf("%w: %s: %w", ErrNotMendable, what, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}
