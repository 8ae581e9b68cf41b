package rpc

import (
	"errors"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/protoadapt"

	errorsv1 "souk/proto/gen/souk/errors/v1"

	"souk/platform/idempotency"
)

// Answer is a row of a Table. It returns the status error for an error of the domain, or nil if the row is for another error. Is, Says
// and As make rows.
type Answer func(err error) error

// Table returns a function that gives each error of a service's domain its gRPC code and its reason. If several rows match the error,
// the first one counts. Rows for the errors of idempotency keys are added. An error without a row is returned unchanged: the server
// logs it, and answers INTERNAL without its text.
func Table(answers ...Answer) func(error) error {
	answers = append(slices.Clip(answers), keyAnswers...)
	return func(err error) error {
		for _, answer := range answers {
			if refusal := answer(err); refusal != nil {
				return refusal
			}
		}
		return err
	}
}

// Is makes a row for target and errors that wrap it. The caller gets only target's text, because the text of a wrapping error may
// contain internal details.
func Is(target error, code codes.Code, reason ErrorReason) Answer {
	return Says(target, code, reason, target.Error())
}

// Says makes a row for target and errors that wrap it. The caller gets message.
func Says(target error, code codes.Code, reason ErrorReason, message string) Answer {
	return func(err error) error {
		if !errors.Is(err, target) {
			return nil
		}
		return Error(code, reason, message)
	}
}

// As makes a row for errors of type E. The caller gets the message and the detail that describe returns for the error.
func As[E error](code codes.Code, reason ErrorReason, describe func(E) (message string, detail proto.Message)) Answer {
	return func(err error) error {
		var found E
		if !errors.As(err, &found) {
			return nil
		}
		message, detail := describe(found)
		return Error(code, reason, message, protoadapt.MessageV1Of(detail))
	}
}

var keyAnswers = []Answer{
	Is(idempotency.ErrReused, codes.InvalidArgument, errorsv1.ErrorReason_ERROR_REASON_IDEMPOTENCY_KEY_REUSED),
	Is(idempotency.ErrInProgress, codes.Aborted, errorsv1.ErrorReason_ERROR_REASON_IDEMPOTENCY_IN_PROGRESS),
}

// keyError answers the errors of idempotency keys.
var keyError = Table()
