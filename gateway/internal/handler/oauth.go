package handler

import (
	"context"
	"strings"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/gateway/internal/api"
	"souk/gateway/internal/edge"
	"souk/platform/access"
	"souk/platform/rpc"
)

// The kinds of grants (RFC 6749).
const (
	grantClient  = "client_credentials"
	grantRefresh = "refresh_token"
)

// CreateToken returns an access token to a client that proves who it is, or for a refresh token.
func (h *Handler) CreateToken(ctx context.Context, req api.CreateTokenRequestObject) (api.CreateTokenResponseObject, error) {
	form := req.Body
	proof, err := proofOf(ctx, form.ClientId, form.ClientSecret, form.ClientAssertionType, form.ClientAssertion)
	if err != nil {
		return nil, err
	}
	var token api.TokenResponse
	switch form.GrantType {
	case grantClient:
		token, err = h.clientToken(ctx, proof, strings.Fields(value(form.Scope)))
	case grantRefresh:
		token, err = h.refreshedToken(ctx, proof, form)
	default:
		err = refuseOAuth(api.OAuthErrorCodeUnsupportedGrantType, "The grants are client_credentials and refresh_token.")
	}
	if err != nil {
		return nil, err
	}
	return api.CreateToken200JSONResponse{Body: token, Headers: api.CreateToken200ResponseHeaders{CacheControl: "no-store"}}, nil
}

// clientToken returns a token for a client. There is no refresh token with it (RFC 6749, section 4.4.3).
func (h *Handler) clientToken(ctx context.Context, proof clientProof, scopes []string) (api.TokenResponse, error) {
	if !proof.given() {
		return api.TokenResponse{}, refuseOAuth(api.OAuthErrorCodeInvalidClient, "The client must prove who it is.")
	}
	grant, err := h.prove(ctx, proof, scopes)
	if err != nil {
		return api.TokenResponse{}, err
	}
	return api.TokenResponse{
		AccessToken: grant.token, TokenType: api.TokenResponseTokenTypeBearer, ExpiresIn: grant.expiresIn, Scope: new(strings.Join(grant.scopes, " ")),
	}, nil
}

// refreshedToken spends the refresh token of a customer's session. Apps of customers have no secret.
func (h *Handler) refreshedToken(ctx context.Context, proof clientProof, form *api.TokenRequest) (api.TokenResponse, error) {
	switch {
	case proof.given():
		return api.TokenResponse{}, refuseOAuth(api.OAuthErrorCodeUnauthorizedClient, "Clients of partners have no refresh tokens.")
	case value(form.RefreshToken) == "":
		return api.TokenResponse{}, refuseOAuth(api.OAuthErrorCodeInvalidRequest, "refresh_token: is required")
	case value(form.Scope) != "":
		return api.TokenResponse{}, refuseOAuth(api.OAuthErrorCodeInvalidScope, "The account of the session decides what the token allows.")
	}
	answer, err := h.Customers.Refresh(ctx, &customersv1.RefreshRequest{RefreshToken: *form.RefreshToken})
	if rpc.HasReason(err, customersv1.ErrorReason_ERROR_REASON_INVALID_REFRESH_TOKEN) {
		return api.TokenResponse{}, refuseOAuth(api.OAuthErrorCodeInvalidGrant, "The refresh token is not valid.")
	}
	if err != nil {
		return api.TokenResponse{}, err
	}
	session := answer.GetSession()
	return api.TokenResponse{
		AccessToken: session.GetAccessToken(), TokenType: api.TokenResponseTokenTypeBearer, ExpiresIn: session.GetExpiresIn(),
		RefreshToken: new(session.GetRefreshToken()),
	}, nil
}

// RevokeToken ends the session of a refresh token.
func (h *Handler) RevokeToken(ctx context.Context, req api.RevokeTokenRequestObject) (api.RevokeTokenResponseObject, error) {
	form := req.Body
	proof, err := proofOf(ctx, form.ClientId, form.ClientSecret, form.ClientAssertionType, form.ClientAssertion)
	if err != nil {
		return nil, err
	}
	if proof.given() {
		if _, err := h.prove(ctx, proof, nil); err != nil {
			return nil, err
		}
	}
	if strings.Count(form.Token, ".") == 2 || edge.IsAPIKey(form.Token) {
		return nil, refuseOAuth(api.OAuthErrorCodeUnsupportedTokenType, "Only refresh tokens can be revoked. An access token expires by itself, and an API key ends with its client.")
	}
	if _, err := h.Clients.RevokeRefreshToken(ctx, &customersv1.RevokeRefreshTokenRequest{RefreshToken: form.Token}); err != nil {
		return nil, err
	}
	return api.RevokeToken200Response{}, nil
}

// GetAuthorizationServer describes the shop to OAuth clients (RFC 8414).
func (h *Handler) GetAuthorizationServer(context.Context, api.GetAuthorizationServerRequestObject) (api.GetAuthorizationServerResponseObject, error) {
	if h.issuer == "" {
		return nil, edge.NotFound("The shop has no issuer.")
	}
	methods := []string{"client_secret_basic", "client_secret_post", "private_key_jwt", "none"}
	algorithms := []string{"EdDSA", "ES256", "RS256"}
	return api.GetAuthorizationServer200JSONResponse{
		Issuer: string(h.issuer), TokenEndpoint: h.issuer.At(access.TokenPath), RevocationEndpoint: h.issuer.At("/oauth/revoke"),
		JwksUri: h.issuer.At("/.well-known/jwks.json"), ScopesSupported: strings.Fields(access.ScopeText(access.AllScopes())),
		ResponseTypesSupported: []string{}, GrantTypesSupported: []string{grantClient, grantRefresh},
		TokenEndpointAuthMethodsSupported: methods, TokenEndpointAuthSigningAlgValuesSupported: algorithms,
		RevocationEndpointAuthMethodsSupported: methods, RevocationEndpointAuthSigningAlgValuesSupported: algorithms,
	}, nil
}

func refuseOAuth(code api.OAuthErrorCode, detail string) error {
	return &edge.OAuthError{Code: code, Detail: detail}
}
