package handler

import (
	"context"

	cartsv1 "souk/proto/gen/souk/carts/v1"
	customersv1 "souk/proto/gen/souk/customers/v1"
	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/gateway/internal/api"
)

// DeleteMe erases the caller's data in all services, and the account last. If a step fails, the account still exists, so that
// the caller can sign in and try again.
func (h *Handler) DeleteMe(ctx context.Context, req api.DeleteMeRequestObject) (api.DeleteMeResponseObject, error) {
	password := req.Body.Password
	if _, err := h.Customers.PrepareDeletion(ctx, &customersv1.PrepareDeletionRequest{Password: password}); err != nil {
		return nil, err
	}
	if _, err := h.Orders.EraseCustomer(ctx, &ordersv1.EraseCustomerRequest{}); err != nil {
		return nil, err
	}
	if _, err := h.Carts.EraseCustomer(ctx, &cartsv1.EraseCustomerRequest{}); err != nil {
		return nil, err
	}
	if _, err := h.Customers.DeleteAccount(ctx, &customersv1.DeleteAccountRequest{Password: password}); err != nil {
		return nil, err
	}
	return api.DeleteMe204Response{}, nil
}
