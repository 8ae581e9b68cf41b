package grpcapi

import (
	"google.golang.org/grpc/codes"

	cartsv1 "souk/proto/gen/souk/carts/v1"

	"souk/platform/rpc"

	"souk/services/carts/internal/carts"
)

// wireError gives a domain error its status and reason.
var wireError = rpc.Table(
	rpc.Is(carts.ErrNotFound, codes.NotFound, cartsv1.ErrorReason_ERROR_REASON_CART_NOT_FOUND),
	rpc.Is(carts.ErrFull, codes.FailedPrecondition, cartsv1.ErrorReason_ERROR_REASON_CART_FULL),
)
