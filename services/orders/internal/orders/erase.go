package orders

import (
	"context"
	"errors"
)

// ErrOrdersOpen is returned while an order of a customer is not at its end.
var ErrOrdersOpen = errors.New("an order of the customer is still under way")

// EraseCustomer erases a customer from their orders: the addresses, the payment methods, and the reasons of returns and refunds. Numbers,
// lines and money stay. Afterwards the customer places no order. Again is no error. It returns ErrOrdersOpen while an order is not
// delivered, rejected or cancelled, or while it has work left.
func (s *Service) EraseCustomer(ctx context.Context, customerID string) error {
	return s.store.EraseCustomer(ctx, customerID)
}
