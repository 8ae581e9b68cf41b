package edge

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"souk/platform/access"
	"souk/platform/field"
	"souk/platform/rpc"
)

// answer is what the REST contract says of a reason that services give.
type answer struct {
	status int
	code   string
}

// reasons maps the reasons of the services' errors, which stand in the comments of proto/. What is not here
// is answered by its gRPC code alone.
var reasons = map[string]answer{
	"BAD_CURSOR":              {http.StatusBadRequest, "invalid_request"},
	"INVALID_CREDENTIALS":     {http.StatusUnauthorized, "invalid_credentials"},
	"INVALID_REFRESH_TOKEN":   {http.StatusUnauthorized, "invalid_refresh_token"},
	"EMAIL_TAKEN":             {http.StatusConflict, "email_taken"},
	"VERSION_MISMATCH":        {http.StatusPreconditionFailed, "precondition_failed"},
	"CART_EMPTY":              {http.StatusConflict, "cart_empty"},
	"CART_CONTENDED":          {http.StatusServiceUnavailable, "unavailable"},
	"PRICE_CHANGED":           {http.StatusConflict, "price_changed"},
	"IDEMPOTENCY_KEY_REUSED":  {http.StatusUnprocessableEntity, "idempotency_key_reused"},
	"IDEMPOTENCY_IN_PROGRESS": {http.StatusConflict, "idempotency_in_progress"},
	"NOT_CANCELLABLE":         {http.StatusConflict, "not_cancellable"},
	"NOT_DISPATCHABLE":        {http.StatusConflict, "not_dispatchable"},
	"NOT_RETURNABLE":          {http.StatusConflict, "not_returnable"},
	"ORDERS_OPEN":             {http.StatusConflict, "orders_open"},
	"STAFF_ACCOUNT":           {http.StatusConflict, "staff_account"},
	"BAD_SIGNATURE":           {http.StatusBadRequest, "invalid_request"},
}

// fields maps reasons that blame a field of the request.
var fields = map[string]string{
	"SLUG_TAKEN":         "slug",
	"SKU_TAKEN":          "variants",
	"CART_FULL":          "lines",
	"INSUFFICIENT_STOCK": "delta",
	"TOO_MANY_ADDRESSES": "address",
}

var statuses = map[codes.Code]answer{
	codes.Unauthenticated:   {http.StatusUnauthorized, "unauthenticated"},
	codes.PermissionDenied:  {http.StatusForbidden, "forbidden"},
	codes.NotFound:          {http.StatusNotFound, "not_found"},
	codes.Unavailable:       {http.StatusServiceUnavailable, "unavailable"},
	codes.DeadlineExceeded:  {http.StatusServiceUnavailable, "unavailable"},
	codes.ResourceExhausted: {http.StatusServiceUnavailable, "unavailable"},
	codes.Canceled:          {http.StatusServiceUnavailable, "unavailable"},
	codes.Aborted:           {http.StatusServiceUnavailable, "unavailable"},
	codes.InvalidArgument:   {http.StatusUnprocessableEntity, "validation_failed"},
}

// WriteError answers with the problem that err is.
func WriteError(ctx context.Context, w http.ResponseWriter, logger *slog.Logger, err error) {
	p := problemOf(err)
	if p.Status == http.StatusInternalServerError {
		logger.ErrorContext(ctx, "request failed", "error", describe(err), "request_id", rpc.RequestID(ctx))
	}
	p.write(ctx, w)
}

// describe says for the log what went wrong. The text of a service's error may tell whose data it was about, and that of
// the network's has addresses: they stay out.
func describe(err error) string {
	var network *net.OpError
	if errors.As(err, &network) {
		return network.Op + ": " + network.Err.Error()
	}
	if st, ok := status.FromError(err); ok {
		return strings.TrimSpace("a service answered " + st.Code().String() + " " + rpc.Reason(err))
	}
	return err.Error()
}

// unreadable returns what is wrong with a request that the generated code could not read. That is never our own error.
func unreadable(err error) error {
	if p := problemOf(err); p.Status != http.StatusInternalServerError {
		return p
	}
	return invalidRequest("The request could not be read.")
}

func problemOf(err error) *Problem {
	var problem *Problem
	var tooLarge *http.MaxBytesError
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &problem):
		return problem
	case errors.As(err, &tooLarge):
		return NewProblem(http.StatusRequestEntityTooLarge, "payload_too_large", "The body is too large.")
	case errors.As(err, &wrongType):
		return InvalidFields(field.Violation{Field: wrongType.Field, Message: "must not be a " + wrongType.Value})
	case errors.Is(err, access.ErrKeysUnavailable), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return Unavailable("")
	}
	return problemOfStatus(err)
}

// problemOfStatus maps an error of a service: by its reason first, then by its code.
func problemOfStatus(err error) *Problem {
	st := status.Convert(err)
	if violations := rpc.Violations(err); len(violations) > 0 {
		return InvalidFields(violations...)
	}
	reason := rpc.Reason(err)
	if name, ok := fields[reason]; ok {
		return InvalidFields(field.Violation{Field: name, Message: st.Message()})
	}
	a, ok := reasons[reason]
	if !ok {
		a, ok = statuses[st.Code()]
	}
	if !ok {
		return NewProblem(http.StatusInternalServerError, "internal", "Something went wrong on our side.")
	}
	if a.status == http.StatusServiceUnavailable {
		return Unavailable("")
	}
	p := NewProblem(a.status, a.code, st.Message())
	if a.status == http.StatusUnauthorized {
		p.Header = http.Header{"Www-Authenticate": {"Bearer"}}
	}
	return p
}
