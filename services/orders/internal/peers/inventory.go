package peers

import (
	"context"
	"time"

	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	inventoryv1 "souk/proto/gen/souk/inventory/v1"

	"souk/platform/rpc"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
)

type inventory struct {
	client inventoryv1.InventoryServiceClient
}

var _ orders.Inventory = (*inventory)(nil)

func (i *inventory) Available(ctx context.Context, skus []string) (map[string]int64, error) {
	answer, err := i.client.GetLevels(asShop(ctx), &inventoryv1.GetLevelsRequest{Skus: skus})
	if err != nil {
		return nil, peerError(err)
	}
	available := make(map[string]int64, len(answer.GetLevels()))
	for _, level := range answer.GetLevels() {
		available[level.GetSku()] = level.GetAvailable()
	}
	return available, nil
}

func (i *inventory) Reserve(ctx context.Context, orderID string, items []order.StockItem, holdFor time.Duration) error {
	_, err := i.client.Reserve(asShop(ctx), &inventoryv1.ReserveRequest{
		OrderId: orderID, Lines: stockLinesProto(items), HoldFor: durationpb.New(holdFor),
	})
	return inventoryError(err)
}

func (i *inventory) Commit(ctx context.Context, orderID string) error {
	_, err := i.client.CommitReservation(asShop(ctx), &inventoryv1.CommitReservationRequest{OrderId: orderID})
	return inventoryError(err)
}

func (i *inventory) Release(ctx context.Context, orderID string) error {
	_, err := i.client.ReleaseReservation(asShop(ctx), &inventoryv1.ReleaseReservationRequest{OrderId: orderID})
	return inventoryError(err)
}

func (i *inventory) Return(ctx context.Context, orderID, returnID string, items []order.Item) error {
	_, err := i.client.ReturnStock(asShop(ctx), &inventoryv1.ReturnStockRequest{
		OrderId: orderID, ReturnId: returnID, Lines: linesProto(items),
	})
	return inventoryError(err)
}

func (i *inventory) RestoreSale(ctx context.Context, orderID string, items []order.StockItem) error {
	_, err := i.client.RestoreSale(asShop(ctx), &inventoryv1.RestoreSaleRequest{OrderId: orderID, Lines: stockLinesProto(items)})
	return inventoryError(err)
}

func stockLinesProto(items []order.StockItem) []*inventoryv1.Line {
	lines := make([]*inventoryv1.Line, len(items))
	for n, item := range items {
		lines[n] = &inventoryv1.Line{Sku: item.SKU, Quantity: item.Quantity, ContinueSelling: item.ContinueSelling}
	}
	return lines
}

func linesProto(items []order.Item) []*inventoryv1.Line {
	lines := make([]*inventoryv1.Line, len(items))
	for n, item := range items {
		lines[n] = &inventoryv1.Line{Sku: item.SKU, Quantity: item.Quantity}
	}
	return lines
}

func inventoryError(err error) error {
	switch {
	case err == nil:
		return nil
	case rpc.HasReason(err, inventoryv1.ErrorReason_ERROR_REASON_INSUFFICIENT_STOCK):
		return &checkout.InsufficientStockError{Shortages: shortagesOf(err)}
	case rpc.HasReason(err, inventoryv1.ErrorReason_ERROR_REASON_RESERVATION_ENDED):
		return checkout.ErrReservationEnded
	default:
		return peerError(err)
	}
}

func shortagesOf(err error) []order.Shortage {
	var shortages []order.Shortage
	for _, detail := range status.Convert(err).Details() {
		short, ok := detail.(*inventoryv1.InsufficientStock)
		if !ok {
			continue
		}
		for _, s := range short.GetShortages() {
			shortages = append(shortages, order.Shortage{
				SKU: s.GetSku(), Requested: s.GetRequested(), Available: s.GetAvailable(),
			})
		}
	}
	return shortages
}
