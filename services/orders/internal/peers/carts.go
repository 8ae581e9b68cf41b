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

// Items asks with the customer's token, so that carts decides whose cart it is.
func (c *carts) Items(ctx context.Context, cartID string) ([]order.Item, error) {
	answer, err := c.client.GetCart(ctx, &cartsv1.GetCartRequest{Id: cartID})
	if rpc.Reason(err) == "CART_NOT_FOUND" {
		return nil, checkout.ErrCartNotFound
	}
	if err != nil {
		return nil, peerError(err)
	}
	items := make([]order.Item, len(answer.GetCart().GetLines()))
	for i, line := range answer.GetCart().GetLines() {
		items[i] = order.Item{SKU: line.GetSku(), Quantity: line.GetQuantity()}
	}
	return items, nil
}

func (c *carts) CheckOut(ctx context.Context, cartID, orderID string, items []order.Item) error {
	lines := make([]*cartsv1.Line, len(items))
	for i, item := range items {
		lines[i] = &cartsv1.Line{Sku: item.SKU, Quantity: item.Quantity}
	}
	_, err := c.client.CheckOutCart(asShop(ctx), &cartsv1.CheckOutCartRequest{CartId: cartID, OrderId: orderID, Lines: lines})
	if err != nil {
		return peerError(err)
	}
	return nil
}
