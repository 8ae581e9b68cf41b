package rpc_test

import (
	"errors"
	"fmt"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	errorsv1 "souk/proto/gen/souk/errors/v1"

	"souk/platform/field"
	"souk/platform/idempotency"
	"souk/platform/rpc"
)

var (
	errAway  = errors.New("away")
	errWrong = errors.New("wrong")
)

// shortError is an error of a domain that says more than its text.
type shortError struct{ sku string }

func (e *shortError) Error() string { return e.sku + " is short" }

func TestATableGivesEachErrorItsCodeReasonAndText(t *testing.T) {
	t.Parallel()
	wire := rpc.Table(
		rpc.Says(errAway, codes.Unavailable, errorsv1.ErrorReason_ERROR_REASON_OVERLOADED, "try again"),
		rpc.Is(errWrong, codes.InvalidArgument, errorsv1.ErrorReason_ERROR_REASON_BAD_CURSOR),
		rpc.As(codes.FailedPrecondition, errorsv1.ErrorReason_ERROR_REASON_VALIDATION_FAILED, func(e *shortError) (string, proto.Message) {
			return "not enough", rpc.Blame(field.Violation{Field: "sku", Message: e.Error()})
		}),
	)
	for name, test := range map[string]struct {
		err    error
		code   codes.Code
		reason string
		text   string
	}{
		"with the text of the row":     {errAway, codes.Unavailable, "OVERLOADED", "try again"},
		"with its own text":            {errWrong, codes.InvalidArgument, "BAD_CURSOR", "wrong"},
		"of a type":                    {&shortError{"MUG"}, codes.FailedPrecondition, "VALIDATION_FAILED", "not enough"},
		"of two rows, which the first": {fmt.Errorf("%w: %w", errWrong, errAway), codes.Unavailable, "OVERLOADED", "try again"},
		"of a key that was used":       {idempotency.ErrReused, codes.InvalidArgument, "IDEMPOTENCY_KEY_REUSED", idempotency.ErrReused.Error()},
		"of a key that is being used":  {idempotency.ErrInProgress, codes.Aborted, "IDEMPOTENCY_IN_PROGRESS", idempotency.ErrInProgress.Error()},
	} {
		got := wire(fmt.Errorf("secret: %w", test.err))
		if st := status.Convert(got); st.Code() != test.code || rpc.Reason(got) != test.reason || st.Message() != test.text {
			t.Errorf("an error %s: %v, reason %q", name, got, rpc.Reason(got))
		}
	}
	if got := rpc.Violations(wire(&shortError{"MUG"})); len(got) != 1 || got[0].Message != "MUG is short" {
		t.Errorf("violations %v", got)
	}
	unknown := errors.New("unknown")
	if got := wire(unknown); !errors.Is(got, unknown) || rpc.Reason(got) != "" {
		t.Errorf("an unknown error became %v", got)
	}
}

func TestAReasonIsComparedByItsName(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("ask: %w", rpc.Error(codes.Aborted, errorsv1.ErrorReason_ERROR_REASON_BAD_CURSOR, ""))
	if !rpc.HasReason(err, errorsv1.ErrorReason_ERROR_REASON_BAD_CURSOR) || rpc.HasReason(err, errorsv1.ErrorReason_ERROR_REASON_OVERLOADED) {
		t.Errorf("the reason of %v is %q", err, rpc.Reason(err))
	}
	for _, without := range []error{nil, status.Error(codes.Aborted, ""), errors.New("plain")} {
		if rpc.HasReason(without, errorsv1.ErrorReason_ERROR_REASON_BAD_CURSOR) {
			t.Errorf("%v has a reason", without)
		}
	}
}
