package grpcapi

import (
	"google.golang.org/grpc/codes"

	gadgetsv1 "souk/proto/gen/souk/gadgets/v1"

	"souk/platform/rpc"

	"souk/services/gadgets/internal/gadgets"
)

// wireError gives a domain error its status and reason.
var wireError = rpc.Table(
	rpc.Is(gadgets.ErrNotFound, codes.NotFound, gadgetsv1.ErrorReason_ERROR_REASON_GADGET_NOT_FOUND),
)
