package grpcapi

import (
	"errors"

	"google.golang.org/grpc/codes"

	"souk/platform/rpc"

	"souk/services/customers/internal/customers"
)

// wireError gives a domain error its status and reason.
func wireError(err error) error {
	switch {
	case errors.Is(err, customers.ErrEmailTaken):
		return rpc.Error(codes.AlreadyExists, "EMAIL_TAKEN", customers.ErrEmailTaken.Error())
	case errors.Is(err, customers.ErrInvalidCredentials):
		return rpc.Error(codes.Unauthenticated, "INVALID_CREDENTIALS", customers.ErrInvalidCredentials.Error())
	case errors.Is(err, customers.ErrInvalidRefreshToken):
		return rpc.Error(codes.Unauthenticated, "INVALID_REFRESH_TOKEN", customers.ErrInvalidRefreshToken.Error())
	case errors.Is(err, customers.ErrAddressNotFound):
		return rpc.Error(codes.NotFound, "ADDRESS_NOT_FOUND", customers.ErrAddressNotFound.Error())
	case errors.Is(err, customers.ErrTooManyAddresses):
		return rpc.Error(codes.FailedPrecondition, "TOO_MANY_ADDRESSES", customers.ErrTooManyAddresses.Error())
	case errors.Is(err, customers.ErrStaffAccount):
		return rpc.Error(codes.FailedPrecondition, "STAFF_ACCOUNT", customers.ErrStaffAccount.Error())
	case errors.Is(err, customers.ErrBusy):
		return rpc.Error(codes.ResourceExhausted, "BUSY", customers.ErrBusy.Error())
	case errors.Is(err, customers.ErrContended):
		return rpc.Error(codes.Aborted, "CUSTOMER_CONTENDED", customers.ErrContended.Error())
	case errors.Is(err, customers.ErrNotFound):
		// The token is good and its customer is gone.
		return rpc.Error(codes.Unauthenticated, "CUSTOMER_NOT_FOUND", customers.ErrNotFound.Error())
	default:
		return rpc.KeyError(err)
	}
}
