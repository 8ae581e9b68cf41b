package grpcapi

import (
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	catalogv1 "souk/proto/gen/souk/catalog/v1"
	errorsv1 "souk/proto/gen/souk/errors/v1"

	"souk/platform/field"
	"souk/platform/rpc"

	"souk/services/catalog/internal/catalog"
)

// wireError gives a domain error its status and reason.
var wireError = rpc.Table(
	rpc.Is(catalog.ErrNotFound, codes.NotFound, catalogv1.ErrorReason_ERROR_REASON_PRODUCT_NOT_FOUND),
	rpc.Is(catalog.ErrBadCursor, codes.InvalidArgument, errorsv1.ErrorReason_ERROR_REASON_BAD_CURSOR),
	rpc.Is(catalog.ErrVersionMismatch, codes.Aborted, catalogv1.ErrorReason_ERROR_REASON_VERSION_MISMATCH),
	rpc.Is(catalog.ErrSlugTaken, codes.AlreadyExists, catalogv1.ErrorReason_ERROR_REASON_SLUG_TAKEN),
	rpc.As(codes.AlreadyExists, catalogv1.ErrorReason_ERROR_REASON_SKU_TAKEN, skuTaken),
)

func skuTaken(err *catalog.SKUTakenError) (string, proto.Message) {
	path := fmt.Sprintf("variants[%d].sku", err.Variant)
	return err.Error(), rpc.Blame(field.Violation{Field: path, Message: err.Error()})
}
