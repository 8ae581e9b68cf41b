package grpcapi

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/platform/access"

	"souk/services/customers/internal/customers"
)

// Clients implements customersv1.ClientsServiceServer.
type Clients struct {
	customersv1.UnimplementedClientsServiceServer
	customers *customers.Service
}

// NewClients returns a server of partners' clients.
func NewClients(service *customers.Service) *Clients {
	return &Clients{customers: service}
}

// ListClients returns the clients.
func (c *Clients) ListClients(ctx context.Context, req *customersv1.ListClientsRequest) (*customersv1.ListClientsResponse, error) {
	found, next, err := c.customers.ListClients(ctx, req.GetCursor(), int(req.GetLimit()))
	if err != nil {
		return nil, wireError(err)
	}
	answer := &customersv1.ListClientsResponse{NextCursor: next}
	for _, client := range found {
		answer.Clients = append(answer.Clients, clientProto(client))
	}
	return answer, nil
}

// CreateClient adds a client.
func (c *Clients) CreateClient(ctx context.Context, req *customersv1.CreateClientRequest) (*customersv1.CreateClientResponse, error) {
	wanted := customers.Client{Name: req.GetName(), Kind: kindNamed[req.GetKind()], Scopes: req.GetScopes(), PublicKey: req.GetPublicKey()}
	if req.GetExpiresAt() != nil {
		wanted.ExpiresAt = req.GetExpiresAt().AsTime()
	}
	client, secret, err := c.customers.CreateClient(ctx, wanted, access.FromContext(ctx))
	if err != nil {
		return nil, wireError(err)
	}
	return &customersv1.CreateClientResponse{Client: clientProto(client), Secret: string(secret)}, nil
}

// DeleteClient deletes a client.
func (c *Clients) DeleteClient(ctx context.Context, req *customersv1.DeleteClientRequest) (*customersv1.DeleteClientResponse, error) {
	if err := c.customers.DeleteClient(ctx, req.GetId()); err != nil {
		return nil, wireError(err)
	}
	return &customersv1.DeleteClientResponse{}, nil
}

// GetClientToken returns an access token for the secret of a client.
func (c *Clients) GetClientToken(ctx context.Context, req *customersv1.GetClientTokenRequest) (*customersv1.GetClientTokenResponse, error) {
	grant, err := c.customers.ClientToken(ctx, req.GetClientId(), customers.Secret(req.GetClientSecret()), req.GetScopes())
	if err != nil {
		return nil, wireError(err)
	}
	return &customersv1.GetClientTokenResponse{AccessToken: string(grant.Access), ExpiresIn: int64(grant.Life.Seconds()), Scopes: grant.Scopes}, nil
}

// ExchangeAssertion returns an access token for an assertion of a client.
func (c *Clients) ExchangeAssertion(ctx context.Context, req *customersv1.ExchangeAssertionRequest) (*customersv1.ExchangeAssertionResponse, error) {
	grant, err := c.customers.AssertionToken(ctx, customers.Secret(req.GetAssertion()), req.GetScopes())
	if err != nil {
		return nil, wireError(err)
	}
	return &customersv1.ExchangeAssertionResponse{
		AccessToken: string(grant.Access), ExpiresIn: int64(grant.Life.Seconds()), Scopes: grant.Scopes, ClientId: grant.ClientID,
	}, nil
}

// RevokeRefreshToken ends the session of a refresh token.
func (c *Clients) RevokeRefreshToken(ctx context.Context, req *customersv1.RevokeRefreshTokenRequest) (*customersv1.RevokeRefreshTokenResponse, error) {
	if err := c.customers.RevokeRefreshToken(ctx, customers.Secret(req.GetRefreshToken())); err != nil {
		return nil, wireError(err)
	}
	return &customersv1.RevokeRefreshTokenResponse{}, nil
}

// GetKeyToken returns an access token for an API key.
func (c *Clients) GetKeyToken(ctx context.Context, req *customersv1.GetKeyTokenRequest) (*customersv1.GetKeyTokenResponse, error) {
	token, life, err := c.customers.KeyToken(ctx, customers.Secret(req.GetKey()))
	if err != nil {
		return nil, wireError(err)
	}
	return &customersv1.GetKeyTokenResponse{AccessToken: string(token), ExpiresIn: int64(life.Seconds())}, nil
}

var (
	kindNamed = map[customersv1.Client_Kind]customers.ClientKind{
		customersv1.Client_KIND_OAUTH: customers.OAuth, customersv1.Client_KIND_API_KEY: customers.APIKey,
	}
	kindProto = map[customers.ClientKind]customersv1.Client_Kind{
		customers.OAuth: customersv1.Client_KIND_OAUTH, customers.APIKey: customersv1.Client_KIND_API_KEY,
	}
)

func clientProto(c customers.Client) *customersv1.Client {
	return &customersv1.Client{
		Id: c.ID, Name: c.Name, Kind: kindProto[c.Kind], Scopes: c.Scopes, CreatedAt: timestamppb.New(c.CreatedAt),
		ExpiresAt: timeProto(c.ExpiresAt), LastUsedAt: timeProto(c.LastUsedAt), PublicKey: c.PublicKey,
	}
}

// timeProto returns nil for no time.
func timeProto(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}
