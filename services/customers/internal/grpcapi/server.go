// Package grpcapi serves customers' contract: proto in, domain out.
package grpcapi

import (
	"context"
	"errors"

	"google.golang.org/protobuf/types/known/timestamppb"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/platform/access"
	"souk/platform/security"

	"souk/services/customers/internal/customers"
)

// Server implements customersv1.CustomersServiceServer.
type Server struct {
	customersv1.UnimplementedCustomersServiceServer
	customers *customers.Service
}

// New returns a server of service.
func New(service *customers.Service) *Server {
	return &Server{customers: service}
}

// Register opens an account.
func (s *Server) Register(ctx context.Context, req *customersv1.RegisterRequest) (*customersv1.RegisterResponse, error) {
	c, err := s.customers.Register(ctx, req.GetEmail(), customers.Secret(req.GetPassword()), req.GetName())
	if err != nil {
		return nil, wireError(err)
	}
	return &customersv1.RegisterResponse{Customer: customerProto(c)}, nil
}

// Login opens a session.
func (s *Server) Login(ctx context.Context, req *customersv1.LoginRequest) (*customersv1.LoginResponse, error) {
	tokens, err := s.customers.SignIn(ctx, customers.Credentials{
		Email: req.GetEmail(), Password: customers.Secret(req.GetPassword()), Code: req.GetCode(), UserAgent: req.GetUserAgent(),
	})
	if err != nil {
		return nil, wireError(err)
	}
	return &customersv1.LoginResponse{Session: sessionProto(tokens)}, nil
}

// Refresh spends a refresh token.
func (s *Server) Refresh(ctx context.Context, req *customersv1.RefreshRequest) (*customersv1.RefreshResponse, error) {
	tokens, err := s.customers.Refresh(ctx, customers.Secret(req.GetRefreshToken()))
	if err != nil {
		return nil, wireError(err)
	}
	return &customersv1.RefreshResponse{Session: sessionProto(tokens)}, nil
}

// Logout ends the caller's session.
func (s *Server) Logout(ctx context.Context, _ *customersv1.LogoutRequest) (*customersv1.LogoutResponse, error) {
	if err := s.customers.Logout(ctx, access.FromContext(ctx).SessionID); err != nil {
		return nil, wireError(err)
	}
	security.Log(ctx, security.SignedOut, caller(ctx))
	return &customersv1.LogoutResponse{}, nil
}

// GetMe returns the caller's account.
func (s *Server) GetMe(ctx context.Context, _ *customersv1.GetMeRequest) (*customersv1.GetMeResponse, error) {
	c, err := s.customers.Customer(ctx, caller(ctx))
	if err != nil {
		return nil, wireError(err)
	}
	return &customersv1.GetMeResponse{Customer: customerProto(c)}, nil
}

// UpdateMe changes the caller's account.
func (s *Server) UpdateMe(ctx context.Context, req *customersv1.UpdateMeRequest) (*customersv1.UpdateMeResponse, error) {
	change := func() (customers.Customer, error) { return s.customers.Customer(ctx, caller(ctx)) }
	if req.Name != nil {
		change = func() (customers.Customer, error) { return s.customers.Rename(ctx, caller(ctx), req.GetName()) }
	}
	c, err := change()
	if err != nil {
		return nil, wireError(err)
	}
	return &customersv1.UpdateMeResponse{Customer: customerProto(c)}, nil
}

// GetCustomerByEmail finds an account by its e-mail address.
func (s *Server) GetCustomerByEmail(ctx context.Context, req *customersv1.GetCustomerByEmailRequest) (*customersv1.GetCustomerByEmailResponse, error) {
	c, err := s.customers.FindByEmail(ctx, req.GetEmail())
	if errors.Is(err, customers.ErrNotFound) {
		return &customersv1.GetCustomerByEmailResponse{}, nil
	}
	if err != nil {
		return nil, wireError(err)
	}
	return &customersv1.GetCustomerByEmailResponse{CustomerId: c.ID}, nil
}

func caller(ctx context.Context) string {
	return access.FromContext(ctx).CustomerID
}

func customerProto(c customers.Customer) *customersv1.Customer {
	return &customersv1.Customer{
		Id: c.ID, Email: c.Email, Name: c.Name, Roles: c.RoleNames(), CreatedAt: timestamppb.New(c.CreatedAt),
		EmailVerified: c.Mailbox.Verified,
	}
}

func sessionProto(t customers.Tokens) *customersv1.Session {
	return &customersv1.Session{
		AccessToken: string(t.Access), ExpiresIn: int64(t.Life.Seconds()), RefreshToken: string(t.Refresh),
		Customer: customerProto(t.Customer),
	}
}
