package aftersales

import (
	"context"
	"errors"
	"fmt"

	"souk/services/orders/internal/order"
	"souk/services/orders/internal/saga"
)

// decision is something that can be decided about a confirmed order, to the exclusion of everything else.
type decision struct {
	// actor is the id of who decides.
	actor  string
	intent order.Intent
	begin  func(*order.Order) error
	// target is the status of an order for which the decision was carried out.
	target order.Status
	// refused is the error when something else was decided.
	refused error
}

// decide saves a decision about an order, or refuses it, and then carries it out.
func (a *AfterSales) decide(ctx context.Context, o order.Order, d decision) (order.View, error) {
	inline, cancel := a.saga.Inline(ctx)
	defer cancel()
	o, err := a.begin(inline, o, d)
	if err != nil {
		return order.View{}, err
	}
	o, err = a.saga.Run(inline, o, func(o order.Order) bool { return o.Intent() != d.intent })
	if err != nil {
		if ctx.Err() != nil {
			a.saga.Abandon(ctx, o.ID())
		}
		a.logger.WarnContext(ctx, "decision is carried out later", "order_id", o.ID(), "intent", d.intent, "error", err)
		return order.View{}, fmt.Errorf("%w: %s goes on by itself: %w", saga.ErrUnavailable, d.intent, err)
	}
	if !o.Reached(d.target) {
		return order.View{}, d.refusal(o)
	}
	return o.View(), nil
}

// refusal is the error when the decision was given up, or something else was decided.
func (d decision) refusal(o order.Order) error {
	if why := o.DispatchRefusal(); d.intent == order.IntentDispatch && why != "" {
		return fmt.Errorf("%w: %s", d.refused, why)
	}
	return d.refused
}

// begin saves the decision, unless it was saved before. From then on no other decision can be made.
func (a *AfterSales) begin(ctx context.Context, o order.Order, d decision) (order.Order, error) {
	for !o.Reached(d.target) && o.Intent() != d.intent {
		begun := o.By(d.actor)
		if err := d.begin(&begun); err != nil {
			return o, err
		}
		saved, err := a.store.Save(ctx, begun)
		if !errors.Is(err, order.ErrConflict) {
			return saved, err
		}
		if o, err = a.store.Get(ctx, begun.ID()); err != nil {
			return begun, err
		}
	}
	return o, nil
}
