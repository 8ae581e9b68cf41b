package grpcapi

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	inventoryv1 "souk/proto/gen/souk/inventory/v1"

	"souk/platform/rpc"

	"souk/services/inventory/internal/inventory"
)

// wireError gives a domain error its status and reason.
var wireError = rpc.Table(
	rpc.As(codes.FailedPrecondition, inventoryv1.ErrorReason_ERROR_REASON_INSUFFICIENT_STOCK, insufficientStock),
	rpc.Says(inventory.ErrInsufficientStock, codes.FailedPrecondition, inventoryv1.ErrorReason_ERROR_REASON_INSUFFICIENT_STOCK,
		"would leave less than is reserved, or less than nothing"),
	rpc.Is(inventory.ErrReservationEnded, codes.FailedPrecondition, inventoryv1.ErrorReason_ERROR_REASON_RESERVATION_ENDED),
	rpc.Is(inventory.ErrReservationMismatch, codes.FailedPrecondition, inventoryv1.ErrorReason_ERROR_REASON_RESERVATION_MISMATCH),
	rpc.Is(inventory.ErrNotSold, codes.FailedPrecondition, inventoryv1.ErrorReason_ERROR_REASON_NOT_SOLD),
	rpc.Is(inventory.ErrReturnMismatch, codes.FailedPrecondition, inventoryv1.ErrorReason_ERROR_REASON_RETURN_MISMATCH),
)

func insufficientStock(err *inventory.ShortageError) (string, proto.Message) {
	detail := &inventoryv1.InsufficientStock{}
	for _, s := range err.Shortages {
		detail.Shortages = append(detail.Shortages, &inventoryv1.Shortage{Sku: s.SKU, Requested: s.Requested, Available: s.Available})
	}
	return err.Error(), detail
}
