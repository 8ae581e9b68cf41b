package grpcapi

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	inventoryv1 "souk/proto/gen/souk/inventory/v1"

	"souk/services/inventory/internal/inventory"
)

// ListStock returns a page of what the books say of every SKU.
func (s *Server) ListStock(ctx context.Context, req *inventoryv1.ListStockRequest) (*inventoryv1.ListStockResponse, error) {
	page, next, err := s.stock.Stock(ctx, int(req.GetLimit()), req.GetAfter())
	if err != nil {
		return nil, wireError(err)
	}
	answer := &inventoryv1.ListStockResponse{NextAfter: next}
	for _, stock := range page {
		answer.Stock = append(answer.Stock, &inventoryv1.Stock{
			Level: levelProto(stock.Level), Owned: stock.Owned, Sold: stock.Sold, Held: stock.Held, Committed: stock.Committed,
			Continued: stock.Continued,
		})
	}
	return answer, nil
}

// ListReservations returns a page of reservations.
func (s *Server) ListReservations(ctx context.Context, req *inventoryv1.ListReservationsRequest) (*inventoryv1.ListReservationsResponse, error) {
	page, next, err := s.stock.Reservations(ctx, inventory.ReservationQuery{
		Limit: int(req.GetLimit()), After: req.GetAfter(), OrderIDs: req.GetOrderIds(),
	})
	if err != nil {
		return nil, wireError(err)
	}
	answer := &inventoryv1.ListReservationsResponse{NextAfter: next}
	for _, r := range page {
		answer.Reservations = append(answer.Reservations, &inventoryv1.Reservation{
			OrderId: r.OrderID, Status: statuses[r.Status], ExpiresAt: timestamppb.New(r.ExpiresAt),
			Lines: linesProto(r.Lines), Returned: linesProto(r.Returned),
		})
	}
	return answer, nil
}

var statuses = map[inventory.Status]inventoryv1.Reservation_Status{
	inventory.Held:      inventoryv1.Reservation_STATUS_HELD,
	inventory.Committed: inventoryv1.Reservation_STATUS_COMMITTED,
	inventory.Released:  inventoryv1.Reservation_STATUS_RELEASED,
	inventory.Expired:   inventoryv1.Reservation_STATUS_EXPIRED,
}

func linesProto(lines []inventory.Line) []*inventoryv1.Line {
	out := make([]*inventoryv1.Line, len(lines))
	for i, line := range lines {
		out[i] = &inventoryv1.Line{Sku: line.SKU, Quantity: line.Quantity, ContinueSelling: line.ContinueSelling}
	}
	return out
}
