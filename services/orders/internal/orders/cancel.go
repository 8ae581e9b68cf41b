package orders

import (
	"context"
	"errors"
	"fmt"
)

// CancelOrder gives up a customer's confirmed order before it is dispatched; an order that is cancelled
// already is returned as it is. It returns ErrNotFound or ErrNotCancellable, or ErrUnavailable when the
// decision is saved but carrying it out takes longer.
func (s *Service) CancelOrder(ctx context.Context, customerID, id string) (Order, error) {
	r, err := s.visible(ctx, Viewer{CustomerID: customerID}, id)
	if err != nil {
		return Order{}, err
	}
	return s.decide(ctx, r, decision{intent: IntentCancel, target: StatusCancelled, refused: ErrNotCancellable})
}

// cancel carries out the decision to cancel.
func (s *Service) cancel(ctx context.Context, r Record) (Record, error) {
	if err := s.peers.Payments.Void(ctx, r.ID); err != nil {
		return r, fmt.Errorf("void payment: %w", err)
	}
	if err := s.peers.Inventory.Release(ctx, r.ID); err != nil {
		return r, fmt.Errorf("release reservation: %w", err)
	}
	var err error
	if r.Status, err = r.Status.to(StatusCancelled); err != nil {
		return r, err
	}
	r.Intent = IntentNone
	r.Payment.Status = PaymentVoided
	return s.save(ctx, r, TimelineEntry{At: now(), Event: EventCancelled})
}

// decision is something to be done with a confirmed order, to the exclusion of everything else.
type decision struct {
	intent  Intent
	target  Status
	refused error
}

// decide saves a decision about a confirmed order, or refuses it, and then carries it out.
func (s *Service) decide(ctx context.Context, r Record, d decision) (Order, error) {
	inline, cancel := s.inline(ctx)
	defer cancel()
	r, err := s.intend(inline, r, d)
	if err != nil {
		return Order{}, err
	}
	r, err = s.advance(inline, r, func(r Record) bool { return r.Intent != d.intent })
	if err != nil {
		if ctx.Err() != nil {
			s.orphan(r.ID)
		}
		s.logger.WarnContext(ctx, "decision is carried out later", "order_id", r.ID, "intent", d.intent, "error", err)
		return Order{}, fmt.Errorf("%w: %s goes on by itself: %w", ErrUnavailable, d.intent, err)
	}
	if !r.reached(d.target) {
		return Order{}, d.refused
	}
	return r.view(), nil
}

// intend saves the intent, so that from here on no other decision can be made. It returns the order with
// the intent, or past it.
func (s *Service) intend(ctx context.Context, r Record, d decision) (Record, error) {
	for {
		switch {
		case r.reached(d.target), r.Status == StatusConfirmed && r.Intent == d.intent:
			return r, nil
		case r.Status != StatusConfirmed || r.Intent != IntentNone:
			return r, d.refused
		}
		r.Intent = d.intent
		saved, err := s.save(ctx, r)
		if errors.Is(err, ErrConflict) {
			saved, err = s.store.Get(ctx, r.ID)
			if err == nil {
				r = saved
				continue
			}
		}
		return saved, err
	}
}

// reached reports whether the order is at target or has been.
func (r Record) reached(target Status) bool {
	return r.Status == target || target == StatusFulfilled && r.Status == StatusDelivered
}
