// Package rpc is responsible for gRPC between services: servers and clients with the interceptors that
// every one of them carries, and errors that say why.
package rpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"

	errorsv1 "souk/proto/gen/souk/errors/v1"

	"souk/platform/field"
	"souk/platform/outage"
)

// The domain of our ErrorInfo details.
const errorDomain = "souk"

// Error returns a status error with a reason that clients can switch on, such as ORDER_NOT_FOUND, and
// further details.
func Error(code codes.Code, reason ErrorReason, message string, details ...protoadapt.MessageV1) error {
	info := &errdetails.ErrorInfo{Reason: ReasonName(reason), Domain: errorDomain}
	st, err := status.New(code, message).WithDetails(append([]protoadapt.MessageV1{info}, details...)...)
	if err != nil {
		return status.Error(codes.Internal, fmt.Sprintf("details of %s: %v", info.GetReason(), err))
	}
	return st.Err()
}

// Violations returns the invalid fields that an error names.
func Violations(err error) []field.Violation {
	bad := detail[*errdetails.BadRequest](err)
	violations := make([]field.Violation, len(bad.GetFieldViolations()))
	for i, v := range bad.GetFieldViolations() {
		violations[i] = field.Violation{Field: v.GetField(), Message: v.GetDescription()}
	}
	return violations
}

func detail[T any](err error) T {
	var none T
	for _, d := range status.Convert(err).Details() {
		if found, ok := d.(T); ok {
			return found
		}
	}
	return none
}

// toStatus turns a handler's error into the status error that the client gets. The boolean reports whether the error is
// unexpected, and so belongs in the log.
func toStatus(err error) (error, bool) {
	var invalid *field.Error
	switch {
	case errors.As(err, &invalid):
		return invalidArgument(invalid), false
	case isStatus(err):
		return err, false
	case errors.Is(err, context.DeadlineExceeded):
		return status.Error(codes.DeadlineExceeded, "deadline exceeded"), false
	case errors.Is(err, context.Canceled):
		return status.Error(codes.Canceled, "canceled"), false
	case dependencyAway(err):
		return status.Error(codes.Unavailable, "a dependency is away"), true
	default:
		return status.Error(codes.Internal, "internal error"), true
	}
}

// dependencyAway reports whether err says that a database could not be reached, or that the connection to it broke.
func dependencyAway(err error) bool {
	var network net.Error
	if errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return true
	}
	var sql interface{ SQLState() string }
	var pgx interface{ SafeToRetry() bool }
	var mongo interface{ Retryable() bool }
	return errors.As(err, &sql) && outage.Postgres(sql.SQLState()) ||
		errors.As(err, &pgx) && pgx.SafeToRetry() ||
		errors.As(err, &mongo) && mongo.Retryable()
}

func isStatus(err error) bool {
	var s interface{ GRPCStatus() *status.Status }
	return errors.As(err, &s)
}

func invalidArgument(invalid *field.Error) error {
	return Error(codes.InvalidArgument, errorsv1.ErrorReason_ERROR_REASON_VALIDATION_FAILED, invalid.Error(), Blame(invalid.Violations...))
}

// Blame returns a detail for Error that names the fields to blame: `variants[1].sku` for SKU_TAKEN.
func Blame(violations ...field.Violation) *errdetails.BadRequest {
	bad := &errdetails.BadRequest{}
	for _, v := range violations {
		bad.FieldViolations = append(bad.FieldViolations, &errdetails.BadRequest_FieldViolation{
			Field: v.Field, Description: v.Message,
		})
	}
	return bad
}
