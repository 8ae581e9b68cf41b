package edge

import (
	"context"
	"net/http"

	"souk/gateway/internal/api"
	"souk/platform/rpc"
)

const keyHeader = "Idempotency-Key"

// withKey returns ctx with the request's idempotency key, if the operation honors one. Calls made with ctx carry the key to the
// service that stores it.
func (o *operation) withKey(ctx context.Context, header http.Header) context.Context {
	key := header.Get(keyHeader)
	if _, honored := o.headers.find(keyHeader); !honored || key == "" {
		return ctx
	}
	return rpc.WithKey(ctx, key)
}

// markReplays is a middleware that marks answers and problems that were first given to an earlier request.
func markReplays(next api.StrictHandlerFunc, _ string) api.StrictHandlerFunc {
	return func(ctx context.Context, w http.ResponseWriter, r *http.Request, request any) (any, error) {
		response, err := next(ctx, w, r, request)
		if rpc.Replayed(ctx) {
			w.Header().Set("Idempotent-Replay", "true")
		}
		return response, err
	}
}
