package peers

import (
	"context"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/platform/rpc"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
)

type customers struct {
	client customersv1.CustomersServiceClient
}

var _ checkout.Customers = (*customers)(nil)

// Address asks with the customer's token: the address is one of theirs, or is not found.
func (c *customers) Address(ctx context.Context, id string) (order.Address, error) {
	answer, err := c.client.GetAddress(ctx, &customersv1.GetAddressRequest{Id: id})
	if rpc.HasReason(err, customersv1.ErrorReason_ERROR_REASON_ADDRESS_NOT_FOUND) {
		return order.Address{}, checkout.ErrAddressNotFound
	}
	if err != nil {
		return order.Address{}, peerError(err)
	}
	a := answer.GetAddress()
	return order.Address{
		Name: a.GetName(), Line1: a.GetLine1(), Line2: a.GetLine2(), City: a.GetCity(),
		Region: a.GetRegion(), PostalCode: a.GetPostalCode(), Country: a.GetCountry(),
	}, nil
}
