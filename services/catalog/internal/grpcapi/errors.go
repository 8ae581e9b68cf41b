package grpcapi

import (
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"

	"souk/platform/field"
	"souk/platform/rpc"

	"souk/services/catalog/internal/catalog"
)

// wireError gives a domain error its status and reason.
func wireError(err error) error {
	var taken *catalog.SKUTakenError
	switch {
	case errors.Is(err, catalog.ErrNotFound):
		return rpc.Error(codes.NotFound, "PRODUCT_NOT_FOUND", catalog.ErrNotFound.Error())
	case errors.Is(err, catalog.ErrBadCursor):
		return rpc.Error(codes.InvalidArgument, "BAD_CURSOR", catalog.ErrBadCursor.Error())
	case errors.Is(err, catalog.ErrVersionMismatch):
		return rpc.Error(codes.Aborted, "VERSION_MISMATCH", catalog.ErrVersionMismatch.Error())
	case errors.Is(err, catalog.ErrSlugTaken):
		return rpc.Error(codes.AlreadyExists, "SLUG_TAKEN", catalog.ErrSlugTaken.Error())
	case errors.As(err, &taken):
		path := fmt.Sprintf("variants[%d].sku", taken.Variant)
		return rpc.Error(codes.AlreadyExists, "SKU_TAKEN", taken.Error(), rpc.Blame(field.Violation{Field: path, Message: taken.Error()}))
	default:
		return err
	}
}
