package handler

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/gateway/internal/api"
	"souk/platform/rpc"
)

// assertionType is the only kind of client_assertion (RFC 7523, section 2.2).
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// clientProof is how a client proves who it is: with an id and a secret, or with an assertion. It is empty if the request has neither.
type clientProof struct{ id, secret, assertion string }

func (p clientProof) given() bool { return p != clientProof{} }

type authorizationKey struct{}

// KeepClientSecret is a middleware that keeps the secret in the Authorization header of a request to the OAuth endpoints for its handler.
// Other schemes are ignored, as by all operations for anyone.
func KeepClientSecret(next api.StrictHandlerFunc, operationID string) api.StrictHandlerFunc {
	if operationID != "CreateToken" && operationID != "RevokeToken" {
		return next
	}
	return func(ctx context.Context, w http.ResponseWriter, r *http.Request, request any) (any, error) {
		isOther := func(header string) bool {
			scheme, _, _ := strings.Cut(header, " ")
			return !strings.EqualFold(scheme, "Basic")
		}
		headers := slices.DeleteFunc(slices.Clone(r.Header.Values("Authorization")), isOther)
		return next(context.WithValue(ctx, authorizationKey{}, headers), w, r, request)
	}
}

// proofOf returns how the client of a request proves who it is. It may do so in one way only (RFC 6749, section 2.3).
func proofOf(ctx context.Context, id, secret, kind, assertion *string) (clientProof, error) {
	headers, _ := ctx.Value(authorizationKey{}).([]string)
	ways := 0
	for _, way := range []bool{len(headers) > 0, value(secret) != "", value(assertion) != ""} {
		if way {
			ways++
		}
	}
	switch {
	case ways > 1 || len(headers) > 1:
		return clientProof{}, refuseOAuth(api.OAuthErrorCodeInvalidRequest, "A client proves in one way who it is.")
	case value(kind) != "" && value(kind) != assertionType || (value(kind) == "") != (value(assertion) == ""):
		return clientProof{}, refuseOAuth(api.OAuthErrorCodeInvalidRequest, "client_assertion_type: must be "+assertionType+", with a client_assertion")
	case len(headers) == 1:
		return basicProof(headers[0], value(id))
	case value(assertion) != "":
		return clientProof{id: value(id), assertion: *assertion}, nil
	case value(secret) != "":
		return clientProof{id: value(id), secret: *secret}, nil
	default:
		return clientProof{}, nil
	}
}

// basicProof reads an id and a secret from a header. named is the client_id of the body, which need not be there.
func basicProof(header, named string) (clientProof, error) {
	given := http.Request{Header: http.Header{"Authorization": {header}}}
	user, password, ok := given.BasicAuth()
	id, errID := url.QueryUnescape(user)
	secret, errSecret := url.QueryUnescape(password)
	if !ok || errID != nil || errSecret != nil {
		return clientProof{}, refuseOAuth(api.OAuthErrorCodeInvalidClient, "The Authorization header does not have an id and a secret.")
	}
	if named != "" && named != id {
		return clientProof{}, refuseOAuth(api.OAuthErrorCodeInvalidRequest, "client_id: is not the one of the Authorization header")
	}
	return clientProof{id: id, secret: secret}, nil
}

// clientGrant is an access token for a client.
type clientGrant struct {
	token     string
	expiresIn int64
	scopes    []string
}

// prove returns a token for a client with some of its scopes or, if none are named, all.
func (h *Handler) prove(ctx context.Context, proof clientProof, scopes []string) (clientGrant, error) {
	if proof.assertion != "" {
		answer, err := h.Clients.ExchangeAssertion(ctx, &customersv1.ExchangeAssertionRequest{Assertion: proof.assertion, Scopes: scopes})
		if err == nil && proof.id != "" && proof.id != answer.GetClientId() {
			return clientGrant{}, refuseOAuth(api.OAuthErrorCodeInvalidClient, "client_id: is not the one of the assertion")
		}
		return clientGrant{token: answer.GetAccessToken(), expiresIn: answer.GetExpiresIn(), scopes: answer.GetScopes()}, clientError(err)
	}
	answer, err := h.Clients.GetClientToken(ctx, &customersv1.GetClientTokenRequest{ClientId: proof.id, ClientSecret: proof.secret, Scopes: scopes})
	return clientGrant{token: answer.GetAccessToken(), expiresIn: answer.GetExpiresIn(), scopes: answer.GetScopes()}, clientError(err)
}

// clientError returns what an OAuth client gets for an error of customers.
func clientError(err error) error {
	switch {
	case rpc.HasReason(err, customersv1.ErrorReason_ERROR_REASON_INVALID_CLIENT):
		return refuseOAuth(api.OAuthErrorCodeInvalidClient, "The client or its secret is not valid.")
	case rpc.HasReason(err, customersv1.ErrorReason_ERROR_REASON_INVALID_SCOPE):
		return refuseOAuth(api.OAuthErrorCodeInvalidScope, "The client does not have this scope.")
	default:
		return err
	}
}
