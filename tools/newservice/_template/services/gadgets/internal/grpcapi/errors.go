package grpcapi

import (
	"errors"

	"google.golang.org/grpc/codes"

	"souk/platform/rpc"

	"souk/services/gadgets/internal/gadgets"
)

// wireError gives a domain error its status and reason.
func wireError(err error) error {
	if errors.Is(err, gadgets.ErrNotFound) {
		return rpc.Error(codes.NotFound, "GADGET_NOT_FOUND", gadgets.ErrNotFound.Error())
	}
	return err
}
