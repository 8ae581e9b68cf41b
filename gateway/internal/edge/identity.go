package edge

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"souk/gateway/internal/api"
	"souk/platform/access"
	"souk/platform/security"
)

// identify verifies the request's token, as far as the operation asks for one, and returns ctx with the caller
// and the token, which calls to the services forward. The services verify it again.
func (o *operation) identify(ctx context.Context, verifier *access.Verifier, r *http.Request) (context.Context, error) {
	header := r.Header.Get("Authorization")
	if o.audience == anyone || o.audience == maybe && header == "" {
		return ctx, nil
	}
	scheme, token, _ := strings.Cut(header, " ")
	// Of two tokens, what stands in front of the gateway may have looked at the other.
	if len(r.Header.Values("Authorization")) > 1 || !strings.EqualFold(scheme, "Bearer") || token == "" {
		return nil, refuseAccess(ctx, r, unauthenticated("An access token is required."))
	}
	caller, err := verifier.Verify(ctx, token)
	switch {
	case errors.Is(err, access.ErrKeysUnavailable):
		return nil, err
	case err != nil:
		return nil, refuseAccess(ctx, r, unauthenticated("The access token is not valid."))
	case o.audience == staff && !caller.Staff():
		problem := NewProblem(http.StatusForbidden, api.ProblemCodeForbidden, "This is for staff.")
		return nil, refuseAccess(access.WithCaller(ctx, caller), r, problem)
	}
	return access.WithToken(access.WithCaller(ctx, caller), token), nil
}

// refuseAccess returns the problem that a request is refused with, and logs the refusal as a security event.
func refuseAccess(ctx context.Context, r *http.Request, problem *Problem) error {
	security.Log(ctx, security.AccessRefused, r.Pattern, slog.String("reason", problem.Error()))
	return problem
}

func unauthenticated(detail string) *Problem {
	p := NewProblem(http.StatusUnauthorized, api.ProblemCodeUnauthenticated, detail)
	p.Header = http.Header{"Www-Authenticate": {"Bearer"}}
	return p
}
