package handler

import (
	"context"
	"net/http"
	"strconv"

	"souk/gateway/internal/api"
	"souk/gateway/internal/lastgood"
)

// mayBeStale are the operations that may show what was good last. Whatever rests on an answer, as a quote, a correction of
// stock or a new line of a cart does, gets it new or not at all.
var mayBeStale = map[string]bool{
	"ListProducts": true, "GetProduct": true, "ListCategories": true, "GetJwks": true,
	"CreateCart": true, "GetCart": true, "GetCurrentCart": true, "RemoveCartItem": true, "ClaimCart": true,
}

// mayBeCopied are the operations that, beside those of mayBeStale, may show what is kept as long as it has not changed. Orders asks
// for prices and stock itself before it sells.
var mayBeCopied = map[string]bool{"SetCartItem": true, "QuoteShipping": true}

func withCopy(next api.StrictHandlerFunc, operationID string) api.StrictHandlerFunc {
	if !mayBeCopied[operationID] {
		return next
	}
	return func(ctx context.Context, w http.ResponseWriter, r *http.Request, request any) (any, error) {
		return next(lastgood.WithCopy(ctx), w, r, request)
	}
}

// StaleIfError is the middleware that lets those operations fall back on the last good answers (RFC 5861), and says of an
// answer that does how old it is (RFC 9111, 5.1; RFC 7234, 5.5.1).
func StaleIfError(next api.StrictHandlerFunc, operationID string) api.StrictHandlerFunc {
	if !mayBeStale[operationID] {
		return withCopy(next, operationID)
	}
	return func(ctx context.Context, w http.ResponseWriter, r *http.Request, request any) (any, error) {
		ctx, mark := lastgood.WithMark(lastgood.WithCopy(ctx))
		response, err := next(ctx, w, r, request)
		if age, stale := mark.Age(); stale && err == nil {
			w.Header().Set("Warning", `110 - "Response is Stale"`)
			w.Header().Set("Age", strconv.Itoa(int(age.Seconds())))
			if w.Header().Get("Cache-Control") == "" {
				w.Header().Set("Cache-Control", "no-cache") // nobody gives it on without asking for a new one
			}
		}
		return response, err
	}
}
