package handler

import (
	"context"
	"net/http"
	"strconv"

	"souk/gateway/internal/api"
	"souk/gateway/internal/lastgood"
	"souk/gateway/internal/policy"
)

// StaleIfError is a middleware that lets an operation answer from the cache if its policy allows that. While catalog is down,
// an operation with the policy last-good answers with the last good answer (RFC 5861). Such an answer carries its age (RFC
// 9111, 5.1; RFC 7234, 5.5.1).
func StaleIfError(next api.StrictHandlerFunc, _ string) api.StrictHandlerFunc {
	return func(ctx context.Context, w http.ResponseWriter, r *http.Request, request any) (any, error) {
		switch policy.AnswerOf(ctx) {
		case policy.New:
			return next(ctx, w, r, request)
		case policy.Unchanged:
			return next(lastgood.WithCopy(ctx), w, r, request)
		}
		ctx, mark := lastgood.WithMark(lastgood.WithCopy(ctx))
		response, err := next(ctx, w, r, request)
		if age, stale := mark.Age(); stale && err == nil {
			w.Header().Set("Warning", `110 - "Response is Stale"`)
			w.Header().Set("Age", strconv.Itoa(int(age.Seconds())))
			if w.Header().Get("Cache-Control") == "" {
				w.Header().Set("Cache-Control", "no-cache") // caches must revalidate it each time
			}
		}
		return response, err
	}
}
