package orders

import (
	"context"
	"errors"
	"fmt"

	"souk/services/orders/internal/order"
)

// CancelOrder cancels a confirmed order of a customer before it is dispatched. An order that is cancelled already is returned as it
// is. It returns order.ErrNotFound or order.ErrNotCancellable, or ErrUnavailable when the decision is saved but carrying it out takes
// longer.
func (s *Service) CancelOrder(ctx context.Context, customerID, id string) (order.View, error) {
	o, err := order.Find(ctx, s.store, order.Viewer{CustomerID: customerID}, id)
	if err != nil {
		return order.View{}, err
	}
	return s.decide(ctx, o, decision{
		intent: order.IntentCancel, begin: (*order.Order).BeginCancellation,
		target: order.StatusCancelled, refused: order.ErrNotCancellable,
	})
}

// cancel carries out the decision to cancel.
func (s *Service) cancel(ctx context.Context, o order.Order) (order.Order, error) {
	if err := s.peers.Payments.Void(ctx, o.ID()); err != nil {
		return o, fmt.Errorf("void payment: %w", err)
	}
	if err := s.peers.Inventory.Release(ctx, o.ID()); err != nil {
		return o, fmt.Errorf("release reservation: %w", err)
	}
	if err := o.Cancel(); err != nil {
		return o, err
	}
	return s.store.Save(ctx, o)
}

// decision is something that can be decided about a confirmed order, to the exclusion of everything else.
type decision struct {
	intent order.Intent
	begin  func(*order.Order) error
	// target is the status of an order for which the decision was carried out.
	target order.Status
	// refused is the error when something else was decided.
	refused error
}

// decide saves a decision about an order, or refuses it, and then carries it out.
func (s *Service) decide(ctx context.Context, o order.Order, d decision) (order.View, error) {
	inline, cancel := s.inline(ctx)
	defer cancel()
	o, err := s.begin(inline, o, d)
	if err != nil {
		return order.View{}, err
	}
	o, err = s.advance(inline, o, func(o order.Order) bool { return o.Intent() != d.intent })
	if err != nil {
		if ctx.Err() != nil {
			s.orphan(o.ID())
		}
		s.logger.WarnContext(ctx, "decision is carried out later", "order_id", o.ID(), "intent", d.intent, "error", err)
		return order.View{}, fmt.Errorf("%w: %s goes on by itself: %w", ErrUnavailable, d.intent, err)
	}
	if !o.Reached(d.target) {
		return order.View{}, d.refused
	}
	return o.View(), nil
}

// begin saves the decision, unless it was saved before. From then on no other decision can be made.
func (s *Service) begin(ctx context.Context, o order.Order, d decision) (order.Order, error) {
	for !o.Reached(d.target) && o.Intent() != d.intent {
		begun := o
		if err := d.begin(&begun); err != nil {
			return o, err
		}
		saved, err := s.store.Save(ctx, begun)
		if !errors.Is(err, order.ErrConflict) {
			return saved, err
		}
		if o, err = s.store.Get(ctx, begun.ID()); err != nil {
			return begun, err
		}
	}
	return o, nil
}
