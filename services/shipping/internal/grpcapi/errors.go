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
	rpc.Is(shipping.ErrBookingCancelled, codes.FailedPrecondition, shippingv1.ErrorReason_ERROR_REASON_BOOKING_CANCELLED),
	rpc.Is(shipping.ErrShipmentNotFound, codes.NotFound, shippingv1.ErrorReason_ERROR_REASON_SHIPMENT_NOT_FOUND),
	rpc.Is(shipping.ErrHandedOver, codes.FailedPrecondition, shippingv1.ErrorReason_ERROR_REASON_SHIPMENT_HANDED_OVER),
)
