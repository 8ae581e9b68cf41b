package orders

import "context"

// EraseCustomer erases a customer from their orders: where those went, how they were paid and what was written about
// them. Numbers, lines and money stay. From then on the customer places no order; again is no error. It returns
// ErrOrdersOpen while an order is not delivered, rejected or cancelled, or while anything is to be done about one.
func (s *Service) EraseCustomer(ctx context.Context, customerID string) error {
	return s.store.EraseCustomer(ctx, customerID)
}
