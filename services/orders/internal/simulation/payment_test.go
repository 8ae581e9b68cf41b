package simulation

import (
	"slices"

	"souk/services/orders/internal/order"
)

func (s *store) paymentVersions(ids []string) map[string]int64 {
	versions := map[string]int64{}
	for _, id := range ids {
		if r := s.rows[id]; r != nil {
			versions[id] = r.PaymentVersion
		}
	}
	return versions
}

// after returns the first of the ids that come after another one.
func after(ids []string, id string, limit int) (next []string) {
	for _, other := range slices.Sorted(slices.Values(ids)) {
		if other > id && len(next) < limit {
			next = append(next, other)
		}
	}
	return next
}

func (s *store) savePaymentPosition(from, to string, waiting []order.PaymentNews) error {
	if s.paymentPosition != from {
		return order.ErrConflict
	}
	s.paymentPosition = to
	for _, news := range waiting {
		s.waiting[news.OrderID] = max(s.waiting[news.OrderID], news.Version)
	}
	return nil
}

func (s *store) deleteWaiting(orderID string, version int64) {
	if s.waiting[orderID] <= version {
		delete(s.waiting, orderID)
	}
}
