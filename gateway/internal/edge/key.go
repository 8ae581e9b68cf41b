package edge

import (
	"context"
	"net/http"

	"souk/gateway/internal/api"
	"souk/platform/rpc"
)

const keyHeader = "Idempotency-Key"

// keyed returns ctx with the request's idempotency key, if the operation honors one: the calls that are made with it carry it
// to the service that keeps it.
func (o *operation) keyed(ctx context.Context, header http.Header) context.Context {
	key := header.Get(keyHeader)
	if _, honored := o.headers[keyHeader]; !honored || key == "" {
		return ctx
	}
	return rpc.WithKey(ctx, key)
}

// tellReplays is the middleware that says of an answer, or of a refusal that is one, that it was given before.
func tellReplays(next api.StrictHandlerFunc, _ string) api.StrictHandlerFunc {
	return func(ctx context.Context, w http.ResponseWriter, r *http.Request, request any) (any, error) {
		response, err := next(ctx, w, r, request)
		if rpc.Replayed(ctx) {
			w.Header().Set("Idempotent-Replay", "true")
		}
		return response, err
	}
}
