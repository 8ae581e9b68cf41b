package checkout

import (
	"context"
	"errors"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"souk/platform/field"
	"souk/platform/idempotency"

	"souk/services/orders/internal/order"
	"souk/services/orders/internal/saga"
)

var outcomes = promauto.NewCounterVec(prometheus.CounterOpts{
	Name: "souk_checkouts_total", Help: "Requests to place an order, by what came of them.",
}, []string{"outcome"})

const (
	outcomeRefused     = "refused" // nothing was saved, because the request cannot be fulfilled
	outcomeLeft        = "left"    // the caller did not wait for the answer; an order that was saved goes on by itself
	outcomeUnavailable = "unavailable"
	outcomeFailed      = "failed"
)

func init() {
	for _, outcome := range []string{
		string(order.StatusConfirmed), string(order.StatusRejected), string(order.StatusPending), outcomeRefused, outcomeLeft, outcomeUnavailable,
		outcomeFailed,
	} {
		outcomes.WithLabelValues(outcome) // so that each is shown from the start
	}
}

// countOutcome counts a request to place an order.
func countOutcome(ctx context.Context, placement Placement, err error) {
	outcomes.WithLabelValues(outcomeOf(ctx, placement, err)).Inc()
}

// outcomeOf returns what came of a request to place an order. That of a repeated request is its first answer.
func outcomeOf(ctx context.Context, placement Placement, err error) string {
	switch {
	case err == nil:
		return string(placement.Order.Status)
	case isRefusal(err):
		return outcomeRefused
	case errors.Is(ctx.Err(), context.Canceled): // whatever error that led to
		return outcomeLeft
	case errors.Is(err, saga.ErrUnavailable):
		return outcomeUnavailable
	default:
		return outcomeFailed
	}
}

// isRefusal reports whether the request cannot be fulfilled as it is, so that nothing is wrong with the shop.
func isRefusal(err error) bool {
	var invalid *field.Error
	var price *PriceChangedError
	var stock *InsufficientStockError
	var claimed *CartBeingOrderedError
	if errors.As(err, &invalid) || errors.As(err, &price) || errors.As(err, &stock) || errors.As(err, &claimed) {
		return true
	}
	return slices.ContainsFunc(refusals, func(refusal error) bool { return errors.Is(err, refusal) })
}

var refusals = []error{
	ErrCartNotFound, ErrCartEmpty, ErrAddressNotFound, order.ErrCustomerErased, idempotency.ErrReused, idempotency.ErrInProgress,
}
