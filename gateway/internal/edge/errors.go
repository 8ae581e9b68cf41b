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
	"souk/gateway/internal/reason"
	"souk/platform/access"
	"souk/platform/field"
	"souk/platform/rpc"
)

// statuses has the answers to the gRPC codes of errors whose reason says nothing to the gateway, or that have none.
var statuses = map[codes.Code]reason.Answer{
	codes.Unauthenticated:   {Status: http.StatusUnauthorized, Code: api.ProblemCodeUnauthenticated},
	codes.PermissionDenied:  {Status: http.StatusForbidden, Code: api.ProblemCodeForbidden},
	codes.NotFound:          {Status: http.StatusNotFound, Code: api.ProblemCodeNotFound},
	codes.Unavailable:       {Status: http.StatusServiceUnavailable, Code: api.ProblemCodeUnavailable},
	codes.DeadlineExceeded:  {Status: http.StatusServiceUnavailable, Code: api.ProblemCodeUnavailable},
	codes.ResourceExhausted: {Status: http.StatusServiceUnavailable, Code: api.ProblemCodeUnavailable},
	codes.Canceled:          {Status: http.StatusServiceUnavailable, Code: api.ProblemCodeUnavailable},
	codes.Aborted:           {Status: http.StatusServiceUnavailable, Code: api.ProblemCodeUnavailable},
	codes.InvalidArgument:   {Status: http.StatusUnprocessableEntity, Code: api.ProblemCodeValidationFailed},
}

// WriteError answers with the problem that err is.
func WriteError(ctx context.Context, w http.ResponseWriter, logger *slog.Logger, err error) {
	var refused *OAuthError
	if errors.As(err, &refused) {
		refused.write(w)
		return
	}
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
	a, ok := reason.Find(err)
	if !ok {
		a, ok = statuses[st.Code()]
	}
	if !ok {
		return NewProblem(http.StatusInternalServerError, api.ProblemCodeInternal, "Something went wrong on our side.")
	}
	if a.Field != "" {
		return InvalidFields(field.Violation{Field: a.Field, Message: st.Message()})
	}
	if a.Status == http.StatusServiceUnavailable {
		return Unavailable("")
	}
	p := NewProblem(a.Status, a.Code, st.Message())
	if a.Status == http.StatusUnauthorized {
		p.Header = http.Header{"Www-Authenticate": {"Bearer"}}
	}
	return p
}
