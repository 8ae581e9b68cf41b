package edge

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accessv1 "souk/proto/gen/souk/access/v1"

	"souk/gateway/internal/api"
	"souk/platform/access"
	"souk/platform/security"
)

// identify verifies the request's token if the operation uses one. It returns the context with the caller and the token, which
// calls to services forward. The services verify the token again.
func (rt *Router) identify(o *operation, query url.Values, header http.Header, r *http.Request) (context.Context, error) {
	ctx := r.Context()
	if o.audience == anyone || o.audience == maybe && r.Header.Get("Authorization") == "" {
		return ctx, nil
	}
	token, err := rt.tokenOf(o, query, r)
	if err == nil && IsAPIKey(token) {
		token, err = rt.tokenOfKey(token, header, r)
	}
	if err != nil {
		return nil, err
	}
	caller, err := rt.verifier.Verify(ctx, token)
	switch {
	case errors.Is(err, access.ErrKeysUnavailable):
		return nil, err
	case err != nil:
		return nil, refuseAccess(ctx, r, unauthenticated("The access token is not valid."))
	case caller.Guest && !o.guests:
		return nil, refuseAccess(access.WithCaller(ctx, caller), r, unauthenticated("The access token is good for one order only."))
	case o.audience == customer && caller.ClientID != "" && o.clientScope != 0:
		if !caller.Has(o.clientScope) {
			return nil, refuseScope(ctx, r, caller, o.clientScope)
		}
	case o.audience == customer && !caller.Authenticated():
		return nil, refuseAccess(access.WithCaller(ctx, caller), r, unauthenticated("This is for customers, and not for clients of partners."))
	case o.audience == scoped && !caller.Has(o.scope):
		return nil, refuseScope(ctx, r, caller, o.scope)
	}
	return access.WithToken(access.WithCaller(ctx, caller), token), nil
}

// tokenOf returns the request's access token: the one in its header or, if the operation accepts tickets, the one that its
// ticket stands for.
func (rt *Router) tokenOf(o *operation, query url.Values, r *http.Request) (string, error) {
	headers := r.Header.Values("Authorization")
	if o.takesTicket && len(headers) == 0 && query.Has(ticketParameter) {
		return rt.tokenOfTicket(o, query[ticketParameter], r)
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	// Two tokens are refused, because a proxy in front of the gateway may have checked the other one.
	if len(headers) > 1 || !strings.EqualFold(scheme, "Bearer") || token == "" {
		return "", refuseAccess(r.Context(), r, unauthenticated("An access token is required."))
	}
	return token, nil
}

// ticketParameter is the query parameter for a ticket.
const ticketParameter = "ticket"

// tokenOfTicket redeems a ticket for its access token.
func (rt *Router) tokenOfTicket(o *operation, given []string, r *http.Request) (string, error) {
	if p, _ := o.queries.find(ticketParameter); len(p.check(p.name, given)) == 0 {
		token, err := rt.redeem(r.Context(), r.PathValue("id"), given[0])
		if status.Code(err) != codes.NotFound {
			return token, err
		}
	}
	return "", refuseAccess(r.Context(), r, unauthenticated("The ticket is not valid."))
}

// refuseScope refuses a caller without a scope.
func refuseScope(ctx context.Context, r *http.Request, caller access.Caller, scope accessv1.Scope) error {
	code := api.ProblemCodeForbidden
	if caller.Withholds(scope) {
		code = api.ProblemCodeSecondFactorRequired
	}
	return refuseAccess(access.WithCaller(ctx, caller), r, NewProblem(http.StatusForbidden, code, caller.Missing(scope)))
}

// refuseAccess returns problem as an error and logs the refusal as a security event.
func refuseAccess(ctx context.Context, r *http.Request, problem *Problem) error {
	security.Log(ctx, security.AccessRefused, r.Pattern, slog.String("reason", problem.Error()))
	return problem
}

// Unauthenticated returns the problem of a request that needs an access token, or another one.
func Unauthenticated(detail string) *Problem { return unauthenticated(detail) }

func unauthenticated(detail string) *Problem {
	p := NewProblem(http.StatusUnauthorized, api.ProblemCodeUnauthenticated, detail)
	p.Header = http.Header{"Www-Authenticate": {"Bearer"}}
	return p
}
