// Package grpcapi serves inventory's contract: proto in, domain out.
package grpcapi

import (
	"context"
	"log/slog"

	"google.golang.org/protobuf/types/known/timestamppb"

	inventoryv1 "souk/proto/gen/souk/inventory/v1"

	"souk/platform/idempotency"
	"souk/platform/pgfeed"
	"souk/platform/rpc"
	"souk/platform/security"

	"souk/services/inventory/internal/inventory"
)

// Server implements inventoryv1.InventoryServiceServer.
type Server struct {
	inventoryv1.UnimplementedInventoryServiceServer
	stock *inventory.Service
	keys  idempotency.Keeper
	feed  *pgfeed.Feed
}

// New returns a server of stock. keys keeps the idempotency keys of its callers, and feed tells of which SKUs the availability has
// changed.
func New(stock *inventory.Service, keys idempotency.Keeper, feed *pgfeed.Feed) *Server {
	return &Server{stock: stock, keys: keys, feed: feed}
}

// GetLevels returns the levels that are known among those asked for.
func (s *Server) GetLevels(ctx context.Context, req *inventoryv1.GetLevelsRequest) (*inventoryv1.GetLevelsResponse, error) {
	levels, err := s.stock.Levels(ctx, req.GetSkus())
	if err != nil {
		return nil, wireError(err)
	}
	answer := &inventoryv1.GetLevelsResponse{}
	for _, level := range levels {
		answer.Levels = append(answer.Levels, levelProto(level))
	}
	return answer, nil
}

// AdjustStock changes what is on hand.
func (s *Server) AdjustStock(ctx context.Context, req *inventoryv1.AdjustStockRequest) (*inventoryv1.AdjustStockResponse, error) {
	return rpc.Once(ctx, s.keys, req, func(ctx context.Context) (*inventoryv1.AdjustStockResponse, error) {
		level, err := s.stock.Adjust(ctx, inventory.Adjustment{SKU: req.GetSku(), Delta: req.GetDelta(), Reason: req.GetReason()})
		if err != nil {
			return nil, wireError(err)
		}
		security.Log(ctx, security.StockAdjusted, level.SKU, slog.Int64("delta", req.GetDelta()), slog.Int64("on_hand", level.OnHand))
		return &inventoryv1.AdjustStockResponse{Level: levelProto(level)}, nil
	})
}

// OpenStock sets first levels.
func (s *Server) OpenStock(ctx context.Context, req *inventoryv1.OpenStockRequest) (*inventoryv1.OpenStockResponse, error) {
	opened, err := s.stock.Open(ctx, linesOf(req.GetLines()), req.GetReason())
	if err != nil {
		return nil, wireError(err)
	}
	if opened > 0 {
		security.Log(ctx, security.StockAdjusted, "first levels", slog.Int("skus", opened))
	}
	return &inventoryv1.OpenStockResponse{Opened: int32(opened)}, nil
}

// Reserve holds stock for an order.
func (s *Server) Reserve(ctx context.Context, req *inventoryv1.ReserveRequest) (*inventoryv1.ReserveResponse, error) {
	expires, err := s.stock.Reserve(ctx, inventory.Reservation{
		OrderID: req.GetOrderId(), Lines: linesOf(req.GetLines()), HoldFor: req.GetHoldFor().AsDuration(),
	})
	if err != nil {
		return nil, wireError(err)
	}
	return &inventoryv1.ReserveResponse{ExpiresAt: timestamppb.New(expires)}, nil
}

// CommitReservation sells what an order holds.
func (s *Server) CommitReservation(ctx context.Context, req *inventoryv1.CommitReservationRequest) (*inventoryv1.CommitReservationResponse, error) {
	if err := s.stock.Commit(ctx, req.GetOrderId()); err != nil {
		return nil, wireError(err)
	}
	return &inventoryv1.CommitReservationResponse{}, nil
}

// RestoreSale sells an order what it bought before the database was restored.
func (s *Server) RestoreSale(ctx context.Context, req *inventoryv1.RestoreSaleRequest) (*inventoryv1.RestoreSaleResponse, error) {
	if err := s.stock.RestoreSale(ctx, req.GetOrderId(), linesOf(req.GetLines())); err != nil {
		return nil, wireError(err)
	}
	return &inventoryv1.RestoreSaleResponse{}, nil
}

// ReleaseReservation gives back what an order holds or has bought.
func (s *Server) ReleaseReservation(ctx context.Context, req *inventoryv1.ReleaseReservationRequest) (*inventoryv1.ReleaseReservationResponse, error) {
	if err := s.stock.Release(ctx, req.GetOrderId()); err != nil {
		return nil, wireError(err)
	}
	return &inventoryv1.ReleaseReservationResponse{}, nil
}

// ReturnStock takes back what an order bought.
func (s *Server) ReturnStock(ctx context.Context, req *inventoryv1.ReturnStockRequest) (*inventoryv1.ReturnStockResponse, error) {
	err := s.stock.Return(ctx, inventory.Return{ID: req.GetReturnId(), OrderID: req.GetOrderId(), Lines: linesOf(req.GetLines())})
	if err != nil {
		return nil, wireError(err)
	}
	return &inventoryv1.ReturnStockResponse{}, nil
}

func levelProto(l inventory.Level) *inventoryv1.Level {
	return &inventoryv1.Level{Sku: l.SKU, OnHand: l.OnHand, Reserved: l.Reserved, Available: l.Available()}
}

func linesOf(lines []*inventoryv1.Line) []inventory.Line {
	out := make([]inventory.Line, len(lines))
	for i, line := range lines {
		out[i] = inventory.Line{SKU: line.GetSku(), Quantity: line.GetQuantity(), ContinueSelling: line.GetContinueSelling()}
	}
	return out
}
