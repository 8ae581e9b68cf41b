package peers

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/platform/admission"
	"souk/platform/rpc"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/guest"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
)

type customers struct {
	client customersv1.CustomersServiceClient
}

var _ orders.Customers = (*customers)(nil)

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

// Email asks on the shop's own account, long after the customer's request. It can wait for checkouts.
func (c *customers) Email(ctx context.Context, customerID string) (string, error) {
	email, _, err := c.email(ctx, customerID)
	return email, err
}

// VerifiedEmail is Email for an address that is confirmed.
func (c *customers) VerifiedEmail(ctx context.Context, customerID string) (string, error) {
	email, verified, err := c.email(ctx, customerID)
	if !verified {
		return "", err
	}
	return email, err
}

func (c *customers) email(ctx context.Context, customerID string) (email string, verified bool, err error) {
	ctx = admission.WithClass(asShop(ctx), admission.Browsing)
	answer, err := c.client.GetEmail(ctx, &customersv1.GetEmailRequest{CustomerId: customerID})
	if err != nil {
		return "", false, peerError(err)
	}
	return answer.GetEmail(), answer.GetVerified(), nil
}

// GuestToken asks on the shop's own account, because the guest has no token yet.
func (c *customers) GuestToken(ctx context.Context, orderID string, issuedAt time.Time) (guest.Access, error) {
	answer, err := c.client.GetGuestToken(asShop(ctx), &customersv1.GetGuestTokenRequest{OrderId: orderID, IssuedAt: timestamppb.New(issuedAt)})
	if err != nil {
		return guest.Access{}, peerError(err)
	}
	return guest.Access{OrderID: orderID, Token: answer.GetAccessToken(), ExpiresAt: answer.GetExpiresAt().AsTime()}, nil
}
