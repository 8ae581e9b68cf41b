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

	"souk/gateway/internal/api"
	"souk/platform/access"
	"souk/platform/field"
	"souk/platform/rpc"
)

// answer is what the REST contract says of a reason that services give.
type answer struct {
	status int
	code   api.ProblemCode
}

// reasons maps the reasons of the services' errors, which stand in the comments of proto/. What is not here
// is answered by its gRPC code alone.
var reasons = map[string]answer{
	"BAD_CURSOR":              {http.StatusBadRequest, api.ProblemCodeInvalidRequest},
	"INVALID_CREDENTIALS":     {http.StatusUnauthorized, api.ProblemCodeInvalidCredentials},
	"INVALID_REFRESH_TOKEN":   {http.StatusUnauthorized, api.ProblemCodeInvalidRefreshToken},
	"EMAIL_TAKEN":             {http.StatusConflict, api.ProblemCodeEmailTaken},
	"VERSION_MISMATCH":        {http.StatusPreconditionFailed, api.ProblemCodePreconditionFailed},
	"CART_EMPTY":              {http.StatusConflict, api.ProblemCodeCartEmpty},
	"PRICE_CHANGED":           {http.StatusConflict, api.ProblemCodePriceChanged},
	"OUT_OF_STOCK":            {http.StatusConflict, api.ProblemCodeOutOfStock},
	"IDEMPOTENCY_KEY_REUSED":  {http.StatusUnprocessableEntity, api.ProblemCodeIdempotencyKeyReused},
	"IDEMPOTENCY_IN_PROGRESS": {http.StatusConflict, api.ProblemCodeIdempotencyInProgress},
	"NOT_CANCELLABLE":         {http.StatusConflict, api.ProblemCodeNotCancellable},
	"NOT_DISPATCHABLE":        {http.StatusConflict, api.ProblemCodeNotDispatchable},
	"NOT_RETURNABLE":          {http.StatusConflict, api.ProblemCodeNotReturnable},
	"ORDERS_OPEN":             {http.StatusConflict, api.ProblemCodeOrdersOpen},
	"STAFF_ACCOUNT":           {http.StatusConflict, api.ProblemCodeStaffAccount},
	"BAD_SIGNATURE":           {http.StatusBadRequest, api.ProblemCodeInvalidRequest},
	// What has no room for one more: no field of the request is to blame.
	"CART_FULL":          {http.StatusUnprocessableEntity, api.ProblemCodeValidationFailed},
	"TOO_MANY_ADDRESSES": {http.StatusUnprocessableEntity, api.ProblemCodeValidationFailed},
}

// fields maps reasons that blame a field of the request.
var fields = map[string]string{
	"SLUG_TAKEN":         "slug",
	"SKU_TAKEN":          "variants",
	"INSUFFICIENT_STOCK": "delta",
}

var statuses = map[codes.Code]answer{
	codes.Unauthenticated:   {http.StatusUnauthorized, api.ProblemCodeUnauthenticated},
	codes.PermissionDenied:  {http.StatusForbidden, api.ProblemCodeForbidden},
	codes.NotFound:          {http.StatusNotFound, api.ProblemCodeNotFound},
	codes.Unavailable:       {http.StatusServiceUnavailable, api.ProblemCodeUnavailable},
	codes.DeadlineExceeded:  {http.StatusServiceUnavailable, api.ProblemCodeUnavailable},
	codes.ResourceExhausted: {http.StatusServiceUnavailable, api.ProblemCodeUnavailable},
	codes.Canceled:          {http.StatusServiceUnavailable, api.ProblemCodeUnavailable},
	codes.Aborted:           {http.StatusServiceUnavailable, api.ProblemCodeUnavailable},
	codes.InvalidArgument:   {http.StatusUnprocessableEntity, api.ProblemCodeValidationFailed},
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
		return NewProblem(http.StatusRequestEntityTooLarge, api.ProblemCodePayloadTooLarge, "The body is too large.")
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
		return NewProblem(http.StatusInternalServerError, api.ProblemCodeInternal, "Something went wrong on our side.")
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
