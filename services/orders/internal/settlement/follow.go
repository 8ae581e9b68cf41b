package settlement

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"souk/platform/telemetry"

	"souk/services/orders/internal/feed"
	"souk/services/orders/internal/order"
)

const (
	// batch is how many orders are asked about in one call.
	batch = 100
	// saveAttempts is how often a change of an order is tried while others change the order at the same time.
	saveAttempts = 3
	// noID comes before the ids of all orders.
	noID = "00000000-0000-0000-0000-000000000000"
)

// Follower follows payments.
type Follower struct {
	store    Store
	payments Payments
	logger   *slog.Logger
}

// NewFollower returns a follower.
func NewFollower(store Store, payments Payments, logger *slog.Logger) *Follower {
	return &Follower{store: store, payments: payments, logger: logger}
}

// FollowPayments asks for the payments that have changed and brings the orders to them. Any number of replicas may follow at once.
func (f *Follower) FollowPayments(ctx context.Context) error {
	waiting := f.retryWaiting(ctx)
	return errors.Join(waiting, f.feed().Follow(ctx))
}

func (f *Follower) feed() feed.Feed[order.PaymentNews] {
	return feed.Feed[order.PaymentNews]{
		Name: "payments", News: f.payments.Changed, Apply: f.apply, CatchUp: f.catchUp,
		Position: f.store.PaymentPosition, SavePosition: f.store.SavePaymentPosition,
	}
}

// apply brings orders to what was told of their payments. It returns the news that have to wait.
func (f *Follower) apply(ctx context.Context, told []order.PaymentNews) (waiting []order.PaymentNews, err error) {
	if len(told) == 0 {
		return nil, nil
	}
	ids := make([]string, len(told))
	for i, news := range told {
		ids[i] = news.OrderID
	}
	known, err := f.store.PaymentVersions(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, news := range told {
		version, exists := known[news.OrderID]
		if !exists || news.Version <= version {
			continue
		}
		if err := f.applyOne(ctx, news); err != nil {
			if ctx.Err() != nil {
				return nil, err
			}
			if !errors.Is(err, errDeciding) {
				f.logger.WarnContext(ctx, "news of a payment is applied later", "order_id", news.OrderID, "error", err)
			}
			waiting = append(waiting, news)
		}
	}
	return waiting, nil
}

// errDeciding is returned while a decision about the order is being made or carried out.
var errDeciding = errors.New("a decision about the order is being carried out")

// applyOne brings one order to what was told of its payment, in the trace of the payment's change. It returns errDeciding when the
// news has to wait.
func (f *Follower) applyOne(ctx context.Context, news order.PaymentNews) error {
	ctx, end := telemetry.Resume(ctx, news.Trace, "follow payment", telemetry.Order(news.OrderID))
	err := f.follow(ctx, news)
	if errors.Is(err, errDeciding) {
		end(nil) // it only has to wait
	} else {
		end(err)
	}
	return err
}

func (f *Follower) follow(ctx context.Context, news order.PaymentNews) error {
	for attempt := 1; ; attempt++ {
		o, err := f.store.Get(ctx, news.OrderID)
		switch {
		case errors.Is(err, order.ErrNotFound):
			return nil
		case err != nil:
			return err
		case news.Version <= o.PaymentVersion():
			return nil
		case o.Deciding():
			return errDeciding
		}
		if err := o.FollowPayment(news); err != nil {
			return err
		}
		if _, err = f.store.Save(ctx, o); !errors.Is(err, order.ErrConflict) || attempt == saveAttempts {
			return err
		}
	}
}

// retryWaiting applies the news that had to wait, as the payments are now.
func (f *Follower) retryWaiting(ctx context.Context) error {
	var failed []error
	for last := noID; ; {
		ids, err := f.store.WaitingPayments(ctx, last, batch)
		if err != nil || len(ids) == 0 {
			return errors.Join(append(failed, err)...)
		}
		told, err := f.payments.Payments(ctx, ids)
		if err != nil {
			return errors.Join(append(failed, fmt.Errorf("payments whose news wait: %w", err))...)
		}
		for _, news := range told {
			if err := f.retryOne(ctx, news); err != nil {
				failed = append(failed, fmt.Errorf("payment of order %s: %w", news.OrderID, err))
			}
		}
		last = ids[len(ids)-1]
	}
}

func (f *Follower) retryOne(ctx context.Context, news order.PaymentNews) error {
	err := f.applyOne(ctx, news)
	if errors.Is(err, errDeciding) {
		return nil // it goes on waiting
	}
	if err != nil {
		return err
	}
	return f.store.DeleteWaitingPayment(ctx, news.OrderID, news.Version)
}

// catchUp asks about the payments of all orders, because changes may have been missed.
func (f *Follower) catchUp(ctx context.Context) (waiting []order.PaymentNews, err error) {
	for last := noID; ; {
		ids, err := f.store.OrdersAfter(ctx, last, batch)
		if err != nil || len(ids) == 0 {
			return waiting, err
		}
		told, err := f.payments.Payments(ctx, ids)
		if err != nil {
			return nil, fmt.Errorf("catch up with payments: %w", err)
		}
		late, err := f.apply(ctx, told)
		if err != nil {
			return nil, err
		}
		waiting, last = append(waiting, late...), ids[len(ids)-1]
	}
}
