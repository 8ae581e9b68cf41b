package grpcapi

import (
	"google.golang.org/grpc/codes"

	customersv1 "souk/proto/gen/souk/customers/v1"
	errorsv1 "souk/proto/gen/souk/errors/v1"

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
	rpc.Is(customers.ErrSessionNotFound, codes.NotFound, customersv1.ErrorReason_ERROR_REASON_SESSION_NOT_FOUND),
	rpc.Is(customers.ErrSecondFactorRequired, codes.Unauthenticated, customersv1.ErrorReason_ERROR_REASON_SECOND_FACTOR_REQUIRED),
	rpc.Is(customers.ErrSecondFactorActive, codes.FailedPrecondition, customersv1.ErrorReason_ERROR_REASON_SECOND_FACTOR_ACTIVE),
	rpc.Is(customers.ErrNoSecondFactor, codes.NotFound, customersv1.ErrorReason_ERROR_REASON_SECOND_FACTOR_NOT_FOUND),
	rpc.Is(customers.ErrProviderNotFound, codes.NotFound, customersv1.ErrorReason_ERROR_REASON_PROVIDER_NOT_FOUND),
	rpc.Is(customers.ErrInvalidSignInCode, codes.FailedPrecondition, customersv1.ErrorReason_ERROR_REASON_INVALID_SIGN_IN_CODE),
	rpc.Is(customers.ErrLinkRequired, codes.FailedPrecondition, customersv1.ErrorReason_ERROR_REASON_LINK_REQUIRED),
	rpc.Is(customers.ErrIdentityNotFound, codes.NotFound, customersv1.ErrorReason_ERROR_REASON_IDENTITY_NOT_FOUND),
	rpc.Is(customers.ErrLastSignIn, codes.FailedPrecondition, customersv1.ErrorReason_ERROR_REASON_LAST_SIGN_IN),
	rpc.Is(customers.ErrLinkRefused, codes.FailedPrecondition, customersv1.ErrorReason_ERROR_REASON_LINK_REFUSED),
	rpc.Is(customers.ErrNoEmail, codes.FailedPrecondition, customersv1.ErrorReason_ERROR_REASON_NO_EMAIL),
	rpc.Is(customers.ErrBadCursor, codes.InvalidArgument, errorsv1.ErrorReason_ERROR_REASON_BAD_CURSOR),
	rpc.Is(customers.ErrTooManyAddresses, codes.FailedPrecondition, customersv1.ErrorReason_ERROR_REASON_TOO_MANY_ADDRESSES),
	rpc.Is(customers.ErrStaffAccount, codes.FailedPrecondition, customersv1.ErrorReason_ERROR_REASON_STAFF_ACCOUNT),
	rpc.Is(customers.ErrStaffNotFound, codes.NotFound, customersv1.ErrorReason_ERROR_REASON_STAFF_NOT_FOUND),
	rpc.Is(customers.ErrLastOwner, codes.FailedPrecondition, customersv1.ErrorReason_ERROR_REASON_LAST_OWNER),
	rpc.Is(customers.ErrInvalidClient, codes.Unauthenticated, customersv1.ErrorReason_ERROR_REASON_INVALID_CLIENT),
	rpc.Is(customers.ErrInvalidScope, codes.FailedPrecondition, customersv1.ErrorReason_ERROR_REASON_INVALID_SCOPE),
	rpc.Is(customers.ErrScopeNotHeld, codes.PermissionDenied, customersv1.ErrorReason_ERROR_REASON_SCOPE_NOT_HELD),
	rpc.Is(customers.ErrClientNotFound, codes.NotFound, customersv1.ErrorReason_ERROR_REASON_CLIENT_NOT_FOUND),
	rpc.Is(customers.ErrBusy, codes.ResourceExhausted, customersv1.ErrorReason_ERROR_REASON_BUSY),
	rpc.Is(customers.ErrContended, codes.Aborted, customersv1.ErrorReason_ERROR_REASON_CUSTOMER_CONTENDED),
	// The token is good and its customer is gone.
	rpc.Is(customers.ErrNotFound, codes.Unauthenticated, customersv1.ErrorReason_ERROR_REASON_CUSTOMER_NOT_FOUND),
)
