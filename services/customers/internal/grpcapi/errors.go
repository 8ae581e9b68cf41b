package grpcapi

import (
	"google.golang.org/grpc/codes"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/platform/rpc"

	"souk/services/customers/internal/customers"
)

// wireError gives a domain error its status and reason.
var wireError = rpc.Table(
	rpc.Is(customers.ErrEmailTaken, codes.AlreadyExists, customersv1.ErrorReason_ERROR_REASON_EMAIL_TAKEN),
	rpc.Is(customers.ErrInvalidCredentials, codes.Unauthenticated, customersv1.ErrorReason_ERROR_REASON_INVALID_CREDENTIALS),
	rpc.Is(customers.ErrInvalidRefreshToken, codes.Unauthenticated, customersv1.ErrorReason_ERROR_REASON_INVALID_REFRESH_TOKEN),
	rpc.Is(customers.ErrInvalidMailToken, codes.FailedPrecondition, customersv1.ErrorReason_ERROR_REASON_INVALID_MAIL_TOKEN),
	rpc.Is(customers.ErrAddressNotFound, codes.NotFound, customersv1.ErrorReason_ERROR_REASON_ADDRESS_NOT_FOUND),
	rpc.Is(customers.ErrTooManyAddresses, codes.FailedPrecondition, customersv1.ErrorReason_ERROR_REASON_TOO_MANY_ADDRESSES),
	rpc.Is(customers.ErrStaffAccount, codes.FailedPrecondition, customersv1.ErrorReason_ERROR_REASON_STAFF_ACCOUNT),
	rpc.Is(customers.ErrBusy, codes.ResourceExhausted, customersv1.ErrorReason_ERROR_REASON_BUSY),
	rpc.Is(customers.ErrContended, codes.Aborted, customersv1.ErrorReason_ERROR_REASON_CUSTOMER_CONTENDED),
	// The token is good and its customer is gone.
	rpc.Is(customers.ErrNotFound, codes.Unauthenticated, customersv1.ErrorReason_ERROR_REASON_CUSTOMER_NOT_FOUND),
)
