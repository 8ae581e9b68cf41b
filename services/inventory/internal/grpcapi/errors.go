package grpcapi

import (
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/protoadapt"

	inventoryv1 "souk/proto/gen/souk/inventory/v1"

	"souk/platform/rpc"

	"souk/services/inventory/internal/inventory"
)

// wireError gives a domain error its status and reason.
func wireError(err error) error {
	var short *inventory.ShortageError
	switch {
	case errors.As(err, &short):
		detail := &inventoryv1.InsufficientStock{}
		for _, s := range short.Shortages {
			detail.Shortages = append(detail.Shortages, &inventoryv1.Shortage{
				Sku: s.SKU, Requested: s.Requested, Available: s.Available,
			})
		}
		return rpc.Error(codes.FailedPrecondition, "INSUFFICIENT_STOCK", short.Error(), protoadapt.MessageV1Of(detail))
	case errors.Is(err, inventory.ErrInsufficientStock):
		return rpc.Error(codes.FailedPrecondition, "INSUFFICIENT_STOCK", "would leave less than is reserved, or less than nothing")
	case errors.Is(err, inventory.ErrReservationEnded):
		return rpc.Error(codes.FailedPrecondition, "RESERVATION_ENDED", inventory.ErrReservationEnded.Error())
	case errors.Is(err, inventory.ErrReservationMismatch):
		return rpc.Error(codes.FailedPrecondition, "RESERVATION_MISMATCH", inventory.ErrReservationMismatch.Error())
	case errors.Is(err, inventory.ErrNotSold):
		return rpc.Error(codes.FailedPrecondition, "NOT_SOLD", inventory.ErrNotSold.Error())
	case errors.Is(err, inventory.ErrReturnMismatch):
		return rpc.Error(codes.FailedPrecondition, "RETURN_MISMATCH", inventory.ErrReturnMismatch.Error())
	default:
		return err
	}
}
