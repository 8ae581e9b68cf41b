package openid

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"

	"souk/services/customers/internal/customers"
)

// Provider implements customers.Provider. It reads the provider's discovery document when it first needs it, and tries again until it has
// it, so that the shop starts while a provider is away.
type Provider struct {
	settings Settings
	redirect string
	client   *http.Client

	once  singleflight.Group
	known atomic.Pointer[found]
}

// found is what the discovery document says.
type found struct {
	provider *oidc.Provider
	verifier *oidc.IDTokenVerifier
	// tellsIssuer is whether each answer says which provider it is from (RFC 9207, 3).
	tellsIssuer bool
	// style is how the shop proves who it is when it exchanges a code.
	style oauth2.AuthStyle
}

// New returns a provider. shop is the URL at which browsers reach the gateway.
func New(settings Settings, shop string) *Provider {
	return &Provider{settings: settings, redirect: shop + "/v1/sign-in/" + settings.Name + "/callback", client: newClient(settings.Name)}
}

// All returns the providers of settings by their names.
func All(settings []Settings, shop string) map[string]customers.Provider {
	all := map[string]customers.Provider{}
	for _, s := range settings {
		all[s.Name] = New(s, shop)
	}
	return all
}

// SignInURL implements customers.Provider.
func (p *Provider) SignInURL(ctx context.Context, proof customers.Proof) (string, error) {
	known, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	return p.config(known).AuthCodeURL(proof.State, oidc.Nonce(proof.Nonce), oauth2.S256ChallengeOption(string(proof.Verifier))), nil
}

// Identify implements customers.Provider.
func (p *Provider) Identify(ctx context.Context, answer customers.Answer, proof customers.Proof) (customers.Claims, error) {
	known, err := p.discover(ctx)
	if err != nil {
		return customers.Claims{}, err
	}
	if answer.Issuer != p.settings.Issuer && (answer.Issuer != "" || known.tellsIssuer) {
		return customers.Claims{}, refused("it is the answer of another provider")
	}
	ctx = oidc.ClientContext(ctx, p.client)
	token, err := p.config(known).Exchange(ctx, string(answer.Code), oauth2.VerifierOption(string(proof.Verifier)))
	if err != nil {
		return customers.Claims{}, failure("the code was not exchanged", err)
	}
	raw, _ := token.Extra("id_token").(string)
	idToken, err := known.verifier.Verify(ctx, raw)
	if err != nil {
		return customers.Claims{}, failure("the ID token is not valid", err)
	}
	if idToken.Nonce != proof.Nonce {
		return customers.Claims{}, refused("the nonce is another")
	}
	if idToken.AccessTokenHash != "" && idToken.VerifyAccessToken(token.AccessToken) != nil {
		return customers.Claims{}, refused("the access token is another")
	}
	return p.claims(ctx, known, token, idToken)
}

func (p *Provider) config(known *found) *oauth2.Config {
	endpoint := known.provider.Endpoint()
	endpoint.AuthStyle = known.style
	return &oauth2.Config{
		ClientID: p.settings.ClientID, ClientSecret: string(p.settings.ClientSecret), Endpoint: endpoint, RedirectURL: p.redirect,
		Scopes: slices.Concat([]string{oidc.ScopeOpenID, "email", "profile"}, p.settings.Scopes),
	}
}

// discover returns what the discovery document says. Several sign-ins wait for one request, which ends by itself.
func (p *Provider) discover(ctx context.Context) (*found, error) {
	if known := p.known.Load(); known != nil {
		return known, nil
	}
	known, err, _ := p.once.Do("", func() (any, error) { return p.readDiscovery(context.WithoutCancel(ctx)) })
	if err != nil {
		return nil, err
	}
	return known.(*found), nil
}

func (p *Provider) readDiscovery(ctx context.Context) (*found, error) {
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.settings.Issuer)
	if other := (*oidc.IssuerMismatchError)(nil); errors.As(err, &other) {
		return nil, away("its issuer is not the one of the settings")
	}
	if err != nil {
		return nil, away("there is no discovery document")
	}
	var metadata struct {
		TellsIssuer bool     `json:"authorization_response_iss_parameter_supported"`
		AuthMethods []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := provider.Claims(&metadata); err != nil {
		return nil, away("its discovery document is malformed")
	}
	known := &found{
		provider: provider, verifier: provider.Verifier(&oidc.Config{ClientID: p.settings.ClientID}), tellsIssuer: metadata.TellsIssuer,
		style: styleOf(metadata.AuthMethods),
	}
	p.known.Store(known)
	return known, nil
}

// styleOf returns how a client proves who it is, by what the provider takes: in the header, unless only the body is taken. To try both would
// send a code twice.
func styleOf(methods []string) oauth2.AuthStyle {
	if slices.Contains(methods, "client_secret_post") && !slices.Contains(methods, "client_secret_basic") {
		return oauth2.AuthStyleInParams
	}
	return oauth2.AuthStyleInHeader
}

// refused and away return errors that say why.
func refused(why string) error { return fmt.Errorf("%w: %s", customers.ErrSignInRefused, why) }
func away(why string) error    { return fmt.Errorf("%w: %s", customers.ErrProviderAway, why) }

// failure tells whether the provider could not be asked, or has not proven anything. The errors of the libraries may have texts of the
// provider, which are not passed on.
func failure(what string, err error) error {
	if errors.Is(err, customers.ErrProviderAway) || errors.Is(err, context.DeadlineExceeded) {
		return away(what)
	}
	return refused(what)
}
