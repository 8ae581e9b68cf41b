package grpcapi

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/services/customers/internal/customers"
)

// SignIn implements customersv1.SignInServiceServer.
type SignIn struct {
	customersv1.UnimplementedSignInServiceServer
	customers *customers.Service
	secure    bool
}

// NewSignIn returns a server of service. secure is whether browsers reach the shop by https.
func NewSignIn(service *customers.Service, secure bool) *SignIn {
	return &SignIn{customers: service, secure: secure}
}

// StartSignIn sends a browser to a provider.
func (s *SignIn) StartSignIn(ctx context.Context, req *customersv1.StartSignInRequest) (*customersv1.StartSignInResponse, error) {
	location, browser, err := s.customers.StartSignIn(ctx, req.GetProvider(), s.secretOf(req.GetBrowser()))
	if err != nil {
		return nil, wireError(err)
	}
	return &customersv1.StartSignInResponse{Location: location, Browser: &customersv1.Browser{Secret: string(browser), BoundToHost: s.secure}}, nil
}

// FinishSignIn sends a browser that comes back from a provider to a page of the storefront.
func (s *SignIn) FinishSignIn(ctx context.Context, req *customersv1.FinishSignInRequest) (*customersv1.FinishSignInResponse, error) {
	answer := customers.Answer{
		Code: customers.Secret(req.GetCode()), State: req.GetState(), Issuer: req.GetIssuer(), Error: req.GetError(),
	}
	location, err := s.customers.FinishSignIn(ctx, req.GetProvider(), s.secretOf(req.GetBrowser()), answer)
	if err != nil {
		return nil, wireError(err)
	}
	return &customersv1.FinishSignInResponse{Location: location}, nil
}

// RedeemSignIn opens a session for a one-time code.
func (s *SignIn) RedeemSignIn(ctx context.Context, req *customersv1.RedeemSignInRequest) (*customersv1.RedeemSignInResponse, error) {
	tokens, err := s.customers.RedeemSignIn(ctx, customers.SignInProof{
		Code: customers.Secret(req.GetCode()), Browser: s.secretOf(req.GetBrowser()), SecondFactor: req.GetSecondFactorCode(),
		UserAgent: req.GetUserAgent(),
	})
	if err != nil {
		return nil, wireError(err)
	}
	return &customersv1.RedeemSignInResponse{Session: sessionProto(tokens)}, nil
}

// LinkIdentity links the provider that a one-time code is from to the caller's account.
func (s *SignIn) LinkIdentity(ctx context.Context, req *customersv1.LinkIdentityRequest) (*customersv1.LinkIdentityResponse, error) {
	identity, err := s.customers.LinkIdentity(ctx, caller(ctx), customers.Secret(req.GetCode()), s.secretOf(req.GetBrowser()))
	if err != nil {
		return nil, wireError(err)
	}
	return &customersv1.LinkIdentityResponse{Identity: identityProto(identity)}, nil
}

// ListIdentities returns with what the caller can sign in.
func (s *SignIn) ListIdentities(ctx context.Context, _ *customersv1.ListIdentitiesRequest) (*customersv1.ListIdentitiesResponse, error) {
	linked, err := s.customers.LinkedIdentities(ctx, caller(ctx))
	if err != nil {
		return nil, wireError(err)
	}
	answer := &customersv1.ListIdentitiesResponse{}
	for _, identity := range linked {
		answer.Identities = append(answer.Identities, identityProto(identity))
	}
	return answer, nil
}

// UnlinkIdentity ends a link of the caller.
func (s *SignIn) UnlinkIdentity(ctx context.Context, req *customersv1.UnlinkIdentityRequest) (*customersv1.UnlinkIdentityResponse, error) {
	if err := s.customers.UnlinkIdentity(ctx, caller(ctx), req.GetId()); err != nil {
		return nil, wireError(err)
	}
	return &customersv1.UnlinkIdentityResponse{}, nil
}

// secretOf returns the secret of a browser. Where the shop is reached by https, a cookie that another host of the domain may have planted is
// none.
func (s *SignIn) secretOf(browser *customersv1.Browser) customers.Secret {
	if s.secure && !browser.GetBoundToHost() {
		return ""
	}
	return customers.Secret(browser.GetSecret())
}

func identityProto(i customers.Identity) *customersv1.Identity {
	return &customersv1.Identity{
		Provider: i.Provider, Issuer: i.Issuer, Subject: i.Subject, Email: i.Email, LinkedAt: timestamppb.New(i.LinkedAt), Id: i.ID(),
	}
}
