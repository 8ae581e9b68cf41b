package grpcapi

import (
	"google.golang.org/grpc/codes"

	shippingv1 "souk/proto/gen/souk/shipping/v1"

	"souk/platform/rpc"

	"souk/services/shipping/internal/shipping"
)

// wireError gives a domain error its status and reason.
var wireError = rpc.Table(
	rpc.Is(shipping.ErrUnknownOption, codes.InvalidArgument, shippingv1.ErrorReason_ERROR_REASON_UNKNOWN_SHIPPING_OPTION),
)
