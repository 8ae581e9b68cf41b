package handler

import (
	"context"
	"encoding/base64"
	"sync/atomic"

	accessv1 "souk/proto/gen/souk/access/v1"

	"souk/gateway/internal/api"
)

// lastJwks is the last answer of customers, for when it is away.
type lastJwks = atomic.Pointer[api.Jwks]

// How long a client may keep the keys.
const jwksCacheControl = "public, max-age=300"

// GetJwks publishes the keys of access tokens.
func (h *Handler) GetJwks(ctx context.Context, _ api.GetJwksRequestObject) (api.GetJwksResponseObject, error) {
	keys := h.jwks.Load()
	if answer, err := h.Keys.ListKeys(ctx, &accessv1.ListKeysRequest{}); err == nil {
		keys = &api.Jwks{Keys: views(answer.GetKeys(), jwkView)}
		h.jwks.Store(keys)
	} else if keys == nil {
		return nil, err
	}
	cache := jwksCacheControl
	return api.GetJwks200JSONResponse{Body: *keys, Headers: api.GetJwks200ResponseHeaders{CacheControl: &cache}}, nil
}

// jwkView writes an Ed25519 key as RFC 8037 has it.
func jwkView(k *accessv1.Key) api.Jwk {
	return api.Jwk{
		Kty: "OKP", Crv: "Ed25519", Alg: "EdDSA", Use: "sig", Kid: k.GetId(),
		X: base64.RawURLEncoding.EncodeToString(k.GetEd25519PublicKey()),
	}
}
