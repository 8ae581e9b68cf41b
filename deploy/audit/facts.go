package audit

import (
	"slices"
	"time"

	inventoryv1 "souk/proto/gen/souk/inventory/v1"
	moneyv1 "souk/proto/gen/souk/money/v1"
	ordersv1 "souk/proto/gen/souk/orders/v1"
	paymentsv1 "souk/proto/gen/souk/payments/v1"
)

// The time limit for the shop to finish an order, and to release an expired hold.
const grace = time.Minute

// facts is the services' data about one order.
type facts struct {
	orderID string
	// order is nil if orders does not know it.
	order *ordersv1.Order
	// reservation is nil if inventory has none.
	reservation *inventoryv1.Reservation
	payments    []*paymentsv1.Books
	// shipments are those that were handed to the carrier, bookings those that were not.
	shipments, bookings int
	// at is when reading them began.
	at time.Time
}

func (f facts) status() ordersv1.Status { return f.order.GetStatus() }

// underWay reports whether the shop is still working on the order, so that it is between two states.
func (f facts) underWay() bool {
	return f.order.GetInProgress() || f.status() == ordersv1.Status_STATUS_PENDING
}

// atRest reports whether the order exists and is in a state in which everything must agree.
func (f facts) atRest() bool {
	return f.order != nil && !f.underWay()
}

// overdue reports whether the shop has been working on the order for too long.
func (f facts) overdue() bool {
	return f.underWay() && f.at.Sub(f.changedAt()) > grace
}

// changedAt returns the version of the order, or the zero time if there is none.
func (f facts) changedAt() time.Time {
	if f.order == nil {
		return time.Time{}
	}
	return f.order.GetChangedAt().AsTime()
}

// sold reports whether the goods are sold to the customer.
func (f facts) sold() bool {
	return f.status() == ordersv1.Status_STATUS_CONFIRMED || f.dispatched()
}

// dispatched reports whether the goods were shipped.
func (f facts) dispatched() bool {
	return f.status() == ordersv1.Status_STATUS_FULFILLED || f.status() == ordersv1.Status_STATUS_DELIVERED
}

// givenUp reports whether the order was rejected or canceled.
func (f facts) givenUp() bool {
	return f.status() == ordersv1.Status_STATUS_REJECTED || f.status() == ordersv1.Status_STATUS_CANCELLED
}

// listed reports whether staff are told to look at the order for a reason.
func (f facts) listed(reason ordersv1.Attention) bool {
	return slices.Contains(f.order.GetAttention(), reason)
}

func (f facts) held() bool {
	return f.reservation.GetStatus() == inventoryv1.Reservation_STATUS_HELD
}

func (f facts) committed() bool {
	return f.reservation.GetStatus() == inventoryv1.Reservation_STATUS_COMMITTED
}

// ledger adds up a column of the order's payments.
func (f facts) ledger(column func(*paymentsv1.Books) *moneyv1.Money) Sums {
	var s Sums
	for _, b := range f.payments {
		s = s.plus(of(column(b)))
	}
	return s
}

// refunds adds up the order's refunds of a status.
func (f facts) refunds(status ordersv1.Refund_Status) Sums {
	var s Sums
	for _, r := range f.order.GetRefunds() {
		if r.GetStatus() == status {
			s = s.plus(of(r.GetAmount()))
		}
	}
	return s
}
