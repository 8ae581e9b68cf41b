package orders

import (
	"context"
	"fmt"
)

// decideRejection saves that a pending order will be rejected. Only then may anything be given back:
// otherwise someone else who moves the same order on could still confirm it.
func (s *Service) decideRejection(ctx context.Context, r Record, refusal *Rejection) (Record, error) {
	r.Intent = IntentReject
	r.Refusal = refusal
	return s.save(ctx, r)
}

// reject gives back whatever the order holds and then marks it rejected. Both calls are made whatever the
// reason is: they also refuse whoever is late and still tries to reserve or to authorize.
func (s *Service) reject(ctx context.Context, r Record) (Record, error) {
	if err := s.peers.Inventory.Release(ctx, r.ID); err != nil {
		return r, fmt.Errorf("release reservation: %w", err)
	}
	if err := s.peers.Payments.Void(ctx, r.ID); err != nil {
		return r, fmt.Errorf("void payment: %w", err)
	}
	var err error
	if r.Status, err = r.Status.to(StatusRejected); err != nil {
		return r, err
	}
	r.Intent = IntentNone
	r.Rejection = r.Refusal
	r.Payment.Status = PaymentVoided
	if r.Refusal.Reason == RejectedPaymentDeclined {
		r.Payment.Status = PaymentDeclined
	}
	return s.settle(ctx, r, TimelineEntry{At: now(), Event: EventRejected, Detail: r.Refusal.text()})
}

// text is the rejection for a timeline.
func (r Rejection) text() string {
	if r.Detail == "" {
		return string(r.Reason)
	}
	return string(r.Reason) + ": " + r.Detail
}
