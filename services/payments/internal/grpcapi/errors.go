package grpcapi

import (
	"errors"

	"google.golang.org/grpc/codes"

	"souk/platform/rpc"

	"souk/services/payments/internal/payments"
)

// The status and the reason of each domain error.
var wireErrors = []struct {
	err    error
	code   codes.Code
	reason string
}{
	{payments.ErrOutcomeUnknown, codes.Unavailable, "OUTCOME_UNKNOWN"},
	{payments.ErrProviderUnavailable, codes.Unavailable, "PROVIDER_UNAVAILABLE"},
	{payments.ErrNotFound, codes.NotFound, "PAYMENT_NOT_FOUND"},
	{payments.ErrNotAuthorized, codes.FailedPrecondition, "NOT_AUTHORIZED"},
	{payments.ErrAlreadyCaptured, codes.FailedPrecondition, "ALREADY_CAPTURED"},
	{payments.ErrMismatch, codes.FailedPrecondition, "PAYMENT_MISMATCH"},
	{payments.ErrNotCaptured, codes.FailedPrecondition, "NOT_CAPTURED"},
	{payments.ErrRefundTooLarge, codes.FailedPrecondition, "REFUND_TOO_LARGE"},
	{payments.ErrRefundMismatch, codes.FailedPrecondition, "REFUND_MISMATCH"},
	{payments.ErrRefundFailed, codes.FailedPrecondition, "REFUND_FAILED"},
	{payments.ErrUnknownProvider, codes.NotFound, "UNKNOWN_PROVIDER"},
	{payments.ErrBadSignature, codes.InvalidArgument, "BAD_SIGNATURE"},
}

// wireError gives a domain error its status and reason.
func wireError(err error) error {
	for _, known := range wireErrors {
		if errors.Is(err, known.err) {
			return rpc.Error(known.code, known.reason, known.err.Error())
		}
	}
	return err
}
