package grpcapi

import (
	"google.golang.org/grpc/codes"

	paymentsv1 "souk/proto/gen/souk/payments/v1"

	"souk/platform/rpc"

	"souk/services/payments/internal/payments"
)

// wireError gives a domain error its status and reason.
var wireError = rpc.Table(
	rpc.Is(payments.ErrOutcomeUnknown, codes.Unavailable, paymentsv1.ErrorReason_ERROR_REASON_OUTCOME_UNKNOWN),
	rpc.Is(payments.ErrProviderUnavailable, codes.Unavailable, paymentsv1.ErrorReason_ERROR_REASON_PROVIDER_UNAVAILABLE),
	rpc.Is(payments.ErrNotFound, codes.NotFound, paymentsv1.ErrorReason_ERROR_REASON_PAYMENT_NOT_FOUND),
	rpc.Is(payments.ErrNotAuthorized, codes.FailedPrecondition, paymentsv1.ErrorReason_ERROR_REASON_NOT_AUTHORIZED),
	rpc.Is(payments.ErrAlreadyCaptured, codes.FailedPrecondition, paymentsv1.ErrorReason_ERROR_REASON_ALREADY_CAPTURED),
	rpc.Is(payments.ErrMismatch, codes.FailedPrecondition, paymentsv1.ErrorReason_ERROR_REASON_PAYMENT_MISMATCH),
	rpc.Is(payments.ErrNotCaptured, codes.FailedPrecondition, paymentsv1.ErrorReason_ERROR_REASON_NOT_CAPTURED),
	rpc.Is(payments.ErrRefundTooLarge, codes.FailedPrecondition, paymentsv1.ErrorReason_ERROR_REASON_REFUND_TOO_LARGE),
	rpc.Is(payments.ErrRefundMismatch, codes.FailedPrecondition, paymentsv1.ErrorReason_ERROR_REASON_REFUND_MISMATCH),
	rpc.Is(payments.ErrRefundFailed, codes.FailedPrecondition, paymentsv1.ErrorReason_ERROR_REASON_REFUND_FAILED),
	rpc.Is(payments.ErrUnknownProvider, codes.NotFound, paymentsv1.ErrorReason_ERROR_REASON_UNKNOWN_PROVIDER),
	rpc.Is(payments.ErrBadSignature, codes.InvalidArgument, paymentsv1.ErrorReason_ERROR_REASON_BAD_SIGNATURE),
)
