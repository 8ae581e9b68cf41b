package peers

import (
	"context"

	cartsv1 "souk/proto/gen/souk/carts/v1"

	"souk/platform/rpc"

	"souk/services/orders/internal/orders"
)

type carts struct {
	client cartsv1.CartsServiceClient
}

var _ orders.Carts = (*carts)(nil)

// Items asks with the customer's token, so that carts decides whose cart it is.
func (c *carts) Items(ctx context.Context, cartID string) ([]orders.Item, error) {
	answer, err := c.client.GetCart(ctx, &cartsv1.GetCartRequest{Id: cartID})
	if rpc.HasReason(err, cartsv1.ErrorReason_ERROR_REASON_CART_NOT_FOUND) {
		return nil, orders.ErrCartNotFound
	}
	if err != nil {
		return nil, peerError(err)
	}
	items := make([]orders.Item, len(answer.GetCart().GetLines()))
	for i, line := range answer.GetCart().GetLines() {
		items[i] = orders.Item{SKU: line.GetSku(), Quantity: line.GetQuantity()}
	}
	return items, nil
}

func (c *carts) CheckOut(ctx context.Context, cartID, orderID string, items []orders.Item) error {
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
