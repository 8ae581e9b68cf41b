package handler

import (
	"context"
	"encoding/base64"
	"sync/atomic"
	"time"

	accessv1 "souk/proto/gen/souk/access/v1"

	"souk/gateway/internal/api"
	"souk/gateway/internal/degraded"
	"souk/gateway/internal/lastgood"
)

// lastJwks is the last answer of customers, for use while customers is down.
type lastJwks = atomic.Pointer[knownJwks]

type knownJwks struct {
	api.Jwks
	at time.Time
}

// How long a client may cache the keys.
const jwksCacheControl = "public, max-age=300"

// GetJwks publishes the verification keys of access tokens. While customers is down, it returns the last known keys.
func (h *Handler) GetJwks(ctx context.Context, _ api.GetJwksRequestObject) (api.GetJwksResponseObject, error) {
	headers := api.GetJwks200ResponseHeaders{CacheControl: jwksCacheControl}
	answer, err := h.Keys.ListKeys(ctx, &accessv1.ListKeysRequest{})
	if err == nil {
		fresh := api.Jwks{Keys: views(answer.GetKeys(), jwkView)}
		h.jwks.Store(&knownJwks{Jwks: fresh, at: time.Now()})
		return api.GetJwks200JSONResponse{Body: fresh, Headers: headers}, nil
	}
	known := h.jwks.Load()
	if known == nil {
		return nil, err
	}
	lastgood.Use(ctx, known.at)
	degraded.Keys.Report(ctx, h.logger, err)
	return api.GetJwks200JSONResponse{Body: known.Jwks, Headers: headers}, nil
}

// jwkView converts an Ed25519 key to the form of RFC 8037.
func jwkView(k *accessv1.Key) api.Jwk {
	return api.Jwk{
		Kty: "OKP", Crv: "Ed25519", Alg: "EdDSA", Use: "sig", Kid: k.GetId(),
		X: base64.RawURLEncoding.EncodeToString(k.GetEd25519PublicKey()),
	}
}
