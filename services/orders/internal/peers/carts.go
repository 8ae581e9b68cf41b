package peers

import (
	"context"

	cartsv1 "souk/proto/gen/souk/carts/v1"

	"souk/platform/rpc"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
)

type carts struct {
	client cartsv1.CartsServiceClient
}

var _ checkout.Carts = (*carts)(nil)

// Cart asks with the customer's token, so that carts decides whose cart it is.
func (c *carts) Cart(ctx context.Context, id string) (checkout.Cart, error) {
	answer, err := c.client.GetCart(ctx, &cartsv1.GetCartRequest{Id: id})
	if rpc.HasReason(err, cartsv1.ErrorReason_ERROR_REASON_CART_NOT_FOUND) {
		return checkout.Cart{}, checkout.ErrCartNotFound
	}
	if err != nil {
		return checkout.Cart{}, peerError(err)
	}
	cart := checkout.Cart{Purchases: answer.GetCart().GetPurchaseIds()}
	for _, line := range answer.GetCart().GetLines() {
		cart.Items = append(cart.Items, order.Item{SKU: line.GetSku(), Quantity: line.GetQuantity()})
	}
	return cart, nil
}

func (c *carts) CheckOut(ctx context.Context, o order.Order) error {
	request := &cartsv1.CheckOutCartRequest{CartId: o.CartID(), OrderId: o.ID(), PurchaseIds: o.Purchases()}
	for _, item := range o.Items() {
		request.Lines = append(request.Lines, &cartsv1.Line{Sku: item.SKU, Quantity: item.Quantity})
	}
	if _, err := c.client.CheckOutCart(asShop(ctx), request); err != nil {
		return peerError(err)
	}
	return nil
}
