package handler

import (
	"context"
	"strings"

	accessv1 "souk/proto/gen/souk/access/v1"
	customersv1 "souk/proto/gen/souk/customers/v1"
	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/platform/access"

	"souk/gateway/internal/api"
)

// ListCustomers returns accounts. A query that no account matches may be the number of an order.
func (h *Handler) ListCustomers(ctx context.Context, req api.ListCustomersRequestObject) (api.ListCustomersResponseObject, error) {
	wanted := &customersv1.ListCustomersRequest{
		Query: value(req.Params.Q), Limit: value(req.Params.Limit), Cursor: value(req.Params.Cursor),
	}
	found, err := h.Staff.ListCustomers(ctx, wanted)
	if err != nil {
		return nil, err
	}
	if len(found.GetCustomers()) == 0 && wanted.Query != "" && wanted.Cursor == "" {
		if found, err = h.customerOfOrder(ctx, wanted.Query); err != nil {
			return nil, err
		}
	}
	return api.ListCustomers200JSONResponse{
		Items: views(found.GetCustomers(), listedCustomerView), NextCursor: optional(found.GetNextCursor()),
	}, nil
}

// customerOfOrder returns the account that placed the order with a number, if there is one and the caller may read orders.
func (h *Handler) customerOfOrder(ctx context.Context, number string) (*customersv1.ListCustomersResponse, error) {
	if !access.FromContext(ctx).Has(accessv1.Scope_SCOPE_ORDERS_READ) {
		return nil, nil
	}
	answer, err := h.Orders.ListAllOrders(ctx, &ordersv1.ListAllOrdersRequest{Query: number})
	if err != nil {
		return nil, err
	}
	for _, order := range answer.GetOrders() {
		if strings.EqualFold(order.GetNumber(), strings.TrimSpace(number)) {
			return h.Staff.ListCustomers(ctx, &customersv1.ListCustomersRequest{Ids: []string{order.GetCustomerId()}})
		}
	}
	return nil, nil
}

func listedCustomerView(c *customersv1.Customer) api.ListedCustomer {
	return api.ListedCustomer{
		Id: c.GetId(), Email: c.GetEmail(), Name: c.GetName(), EmailVerified: c.GetEmailVerified(), CreatedAt: c.GetCreatedAt().AsTime(),
	}
}
