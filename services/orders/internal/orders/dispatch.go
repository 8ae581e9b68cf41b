package orders

import (
	"context"
	"errors"
	"fmt"
)

// DispatchOrder takes the money for a confirmed order and hands its parcel to the carrier; an order that
// is dispatched already is returned as it is. It returns ErrNotFound or ErrNotDispatchable, or
// ErrUnavailable when the decision is saved but carrying it out takes longer.
func (s *Service) DispatchOrder(ctx context.Context, id string) (Order, error) {
	r, err := s.visible(ctx, Viewer{Staff: true}, id)
	if err != nil {
		return Order{}, err
	}
	return s.decide(ctx, r, decision{intent: IntentDispatch, target: StatusFulfilled, refused: ErrNotDispatchable})
}

// dispatch carries out the decision to dispatch. Money that can no longer be had ends the decision, and
// the order stays confirmed.
func (s *Service) dispatch(ctx context.Context, r Record) (Record, error) {
	err := s.peers.Payments.Capture(ctx, r.ID)
	if errors.Is(err, ErrNotAuthorized) {
		r.Intent = IntentNone
		return s.save(ctx, r)
	}
	if err != nil {
		return r, fmt.Errorf("capture: %w", err)
	}
	r.Shipment, err = s.peers.Shipping.Ship(ctx, r.ID, r.ShippingAddress, r.Shipping)
	if err != nil {
		return r, fmt.Errorf("ship: %w", err)
	}
	if r.Status, err = r.Status.to(StatusFulfilled); err != nil {
		return r, err
	}
	r.Intent = IntentNone
	r.Payment.Status = PaymentCaptured
	r.Payment.Captured = r.Payment.Authorized
	detail := fmt.Sprintf("%s, tracking number %s", r.Shipment.Carrier, r.Shipment.TrackingNumber)
	return s.save(ctx, r, TimelineEntry{At: now(), Event: EventDispatched, Detail: detail})
}
