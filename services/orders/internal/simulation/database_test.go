package simulation

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"souk/platform/idempotency"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/parcels"
	"souk/services/orders/internal/saga"
)

// database is a process's connection to the store. It implements orders.Store.
type database struct{ *process }

func query[T any](ctx context.Context, d *database, what, about string, transaction func() (T, error)) (T, error) {
	return call(ctx, d.process, "store", what, about, transaction)
}

func (d *database) Place(ctx context.Context, o order.Order, key idempotency.Request) (order.Order, error) {
	return query(ctx, d, "place", o.ID(), func() (order.Order, error) {
		d.shop.trace.call(o.ID(), "order")
		return d.shop.store.place(o, key)
	})
}

func (d *database) Key(ctx context.Context, key idempotency.Request) (checkout.UsedKey, error) {
	return query(ctx, d, "key", key.Key, func() (checkout.UsedKey, error) { return d.shop.store.key(key) })
}

func (d *database) Answer(ctx context.Context, o order.Order) (order.View, error) {
	return query(ctx, d, "answer", o.ID(), func() (order.View, error) { return d.shop.store.answer(o) })
}

func (d *database) Get(ctx context.Context, id string) (order.Order, error) {
	return query(ctx, d, "get", id, func() (order.Order, error) { return d.shop.store.get(id) })
}

func (d *database) Save(ctx context.Context, o order.Order) (order.Order, error) {
	return d.save(ctx, o, d.shop.store.save)
}

func (d *database) SaveRefund(ctx context.Context, o order.Order, refundID string, key idempotency.Request) (order.Order, error) {
	return d.save(ctx, o, func(o order.Order) (order.Order, error) { return d.shop.store.saveRefund(o, refundID, key) })
}

func (d *database) save(ctx context.Context, o order.Order, transaction func(order.Order) (order.Order, error)) (order.Order, error) {
	what := "save " + string(o.Status())
	if o.Intent() != order.IntentNone {
		what += " to " + string(o.Intent())
	}
	return query(ctx, d, what, o.ID(), func() (order.Order, error) {
		d.shop.trace.callAll(o.Snapshot())
		return transaction(o)
	})
}

func (d *database) Tracked(ctx context.Context, ids []string) ([]parcels.Tracked, error) {
	return query(ctx, d, "tracked", "", func() ([]parcels.Tracked, error) { return d.shop.store.tracked(ids), nil })
}

func (d *database) ParcelPosition(ctx context.Context) (string, error) {
	return query(ctx, d, "position", "", func() (string, error) { return d.shop.store.position, nil })
}

func (d *database) SaveParcelPosition(ctx context.Context, from, to string, pending []parcels.Parcel) error {
	_, err := query(ctx, d, "save position", to, func() (struct{}, error) {
		return struct{}{}, d.shop.store.savePosition(from, to, pending)
	})
	return err
}

func (d *database) PendingMoves(ctx context.Context, _ int) ([]parcels.Parcel, error) {
	return query(ctx, d, "pending moves", "", func() ([]parcels.Parcel, error) { return slices.Clone(d.shop.store.pending), nil })
}

func (d *database) DeletePendingMoves(ctx context.Context, parcel parcels.Parcel) error {
	_, err := query(ctx, d, "delete pending", parcel.OrderID, func() (struct{}, error) {
		d.shop.store.deletePending(parcel)
		return struct{}{}, nil
	})
	return err
}

func (d *database) PaymentVersions(ctx context.Context, ids []string) (map[string]int64, error) {
	return query(ctx, d, "payment versions", "", func() (map[string]int64, error) { return d.shop.store.paymentVersions(ids), nil })
}

func (d *database) OrdersAfter(ctx context.Context, id string, limit int) ([]string, error) {
	return query(ctx, d, "orders after", id, func() ([]string, error) { return after(d.shop.store.ids, id, limit), nil })
}

func (d *database) WaitingPayments(ctx context.Context, id string, limit int) ([]string, error) {
	return query(ctx, d, "waiting payments", id, func() ([]string, error) {
		return after(slices.Collect(maps.Keys(d.shop.store.waiting)), id, limit), nil
	})
}

func (d *database) PaymentPosition(ctx context.Context) (string, error) {
	return query(ctx, d, "payment position", "", func() (string, error) { return d.shop.store.paymentPosition, nil })
}

func (d *database) SavePaymentPosition(ctx context.Context, from, to string, waiting []order.PaymentNews) error {
	_, err := query(ctx, d, "save payment position", to, func() (struct{}, error) {
		return struct{}{}, d.shop.store.savePaymentPosition(from, to, waiting)
	})
	return err
}

func (d *database) DeleteWaitingPayment(ctx context.Context, orderID string, version int64) error {
	_, err := query(ctx, d, "delete waiting payment", orderID, func() (struct{}, error) {
		d.shop.store.deleteWaiting(orderID, version)
		return struct{}{}, nil
	})
	return err
}

// List is what the service catches up by.
func (d *database) List(ctx context.Context, filter order.Filter) (found []order.Order, more bool, err error) {
	found, err = query(ctx, d, "list "+string(filter.Status), "", func() ([]order.Order, error) {
		var listed []order.Order
		listed, more = d.shop.store.list(filter)
		return listed, nil
	})
	return found, more, err
}

func (d *database) Returns(context.Context, order.ReturnFilter) ([]order.ReturnView, bool, error) {
	return nil, false, errUnused
}

func (d *database) OrderOfReturn(ctx context.Context, returnID string) (string, error) {
	return query(ctx, d, "order of return", returnID, func() (string, error) { return d.shop.store.orderOfReturn(returnID) })
}

func (d *database) RefundKey(ctx context.Context, key idempotency.Request) (idempotency.Use, error) {
	return query(ctx, d, "refund key", key.Key, func() (idempotency.Use, error) { return d.shop.store.refundKey(key) })
}

func (d *database) AnswerRefund(ctx context.Context, refundID string, status order.RefundStatus) (order.RefundStatus, error) {
	return query(ctx, d, "answer refund", refundID, func() (order.RefundStatus, error) {
		return d.shop.store.answerRefund(refundID, status)
	})
}

// Nobody waits for events or is erased here, and the processes claim orders that are due themselves.
var errUnused = errors.New("the simulation does not use this")

func (d *database) ClaimDue(context.Context, int, time.Duration) ([]saga.Due, error) {
	return nil, errUnused
}

func (d *database) Postpone(context.Context, string, time.Duration) error { return errUnused }

func (d *database) Versions(context.Context, []string) (map[string]int64, error) {
	return nil, errUnused
}

func (d *database) EraseCustomer(context.Context, string) error {
	return errUnused
}
