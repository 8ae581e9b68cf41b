package edge

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"souk/gateway/internal/api"
)

// OAuthError is the refusal of a request of an OAuth client (RFC 6749, section 5.2).
type OAuthError struct {
	Code   api.OAuthErrorCode
	Detail string
}

func (e *OAuthError) Error() string { return string(e.Code) + ": " + e.Detail }

// write writes the refusal as the answer.
func (e *OAuthError) write(w http.ResponseWriter) {
	answer := api.OAuthError{Error: e.Code}
	if text := asciiOf(e.Detail); text != "" {
		answer.ErrorDescription = &text
	}
	content, _ := json.Marshal(answer) // texts can always be encoded
	status := http.StatusBadRequest
	if e.Code == api.OAuthErrorCodeInvalidClient {
		status = http.StatusUnauthorized
		w.Header().Set("WWW-Authenticate", `Basic realm="souk"`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(content, '\n')) // fails only if the client has left
}

// asciiOf returns a text without the characters that RFC 6749 does not allow in a description.
func asciiOf(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return -1
		}
		return r
	}, text)
}

// oauthErrorOf returns what an OAuth client gets for an error. Refusals that RFC 6749 has no answer for stay problems.
func oauthErrorOf(err error) error {
	var refused *OAuthError
	if errors.As(err, &refused) {
		return err
	}
	p := problemOf(err)
	switch p.Status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return &OAuthError{Code: api.OAuthErrorCodeInvalidRequest, Detail: detailOf(p)}
	default:
		return err
	}
}

// detailOf says which fields are wrong, or what else is.
func detailOf(p *Problem) string {
	if p.Errors != nil && len(*p.Errors) > 0 {
		first := (*p.Errors)[0]
		return first.Field + ": " + first.Message
	}
	if p.Detail != nil {
		return *p.Detail
	}
	return ""
}

// limitClientTokens is a middleware that limits how many tokens a client gets. Only clients that have proved who they are count, so that
// nobody else uses up their limit.
func (rt *Router) limitClientTokens(next api.StrictHandlerFunc, operationID string) api.StrictHandlerFunc {
	if rt.limits == nil || operationID != "CreateToken" {
		return next
	}
	return func(ctx context.Context, w http.ResponseWriter, r *http.Request, request any) (any, error) {
		answer, err := next(ctx, w, r, request)
		given, ok := answer.(api.CreateToken200JSONResponse)
		if err != nil || !ok {
			return answer, err
		}
		caller, err := rt.verifier.Verify(ctx, given.Body.AccessToken)
		if err != nil || caller.ClientID == "" { // a key that is not known here yet, or the session of a customer
			return answer, nil
		}
		if err := rt.limits.clientTokens.admit(w.Header(), caller.ClientID); err != nil {
			return nil, err
		}
		return answer, nil
	}
}
