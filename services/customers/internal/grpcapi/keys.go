package grpcapi

import (
	"context"

	accessv1 "souk/proto/gen/souk/access/v1"

	"souk/services/customers/internal/token"
)

// Keys implements accessv1.KeysServiceServer.
type Keys struct {
	accessv1.UnimplementedKeysServiceServer
	issuer *token.Issuer
}

// NewKeys returns a server that publishes the issuer's key.
func NewKeys(issuer *token.Issuer) *Keys {
	return &Keys{issuer: issuer}
}

// ListKeys returns the keys in force.
func (k *Keys) ListKeys(context.Context, *accessv1.ListKeysRequest) (*accessv1.ListKeysResponse, error) {
	return &accessv1.ListKeysResponse{Keys: []*accessv1.Key{{Id: k.issuer.ID(), Ed25519PublicKey: k.issuer.Public()}}}, nil
}
