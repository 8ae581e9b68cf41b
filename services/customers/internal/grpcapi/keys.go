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

// NewKeys returns a server that publishes the issuer's keys.
func NewKeys(issuer *token.Issuer) *Keys {
	return &Keys{issuer: issuer}
}

// ListKeys returns the keys in force, and the one that comes next.
func (k *Keys) ListKeys(context.Context, *accessv1.ListKeysRequest) (*accessv1.ListKeysResponse, error) {
	answer := &accessv1.ListKeysResponse{}
	for _, key := range k.issuer.Published() {
		answer.Keys = append(answer.Keys, &accessv1.Key{Id: key.ID, Ed25519PublicKey: key.Public()})
	}
	return answer, nil
}
