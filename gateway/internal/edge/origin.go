package edge

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/rs/cors"

	"souk/gateway/internal/api"
)

// Origins are the web pages of others that may use the API from a browser, each as a browser names it:
// https://shop.example. None but our own may unless they are listed.
type Origins []string

// Validate says which is no origin.
func (o Origins) Validate() error {
	protection := http.NewCrossOriginProtection()
	for _, origin := range o {
		if err := protection.AddTrustedOrigin(origin); err != nil || strings.Contains(origin, "*") || origin != strings.ToLower(origin) {
			return fmt.Errorf("%q is no origin like https://shop.example", origin)
		}
	}
	return nil
}

// Protect refuses what changes something and comes from the page of another origin. The origins are valid.
func (o Origins) Protect(next http.Handler, logger *slog.Logger) http.Handler {
	protection := http.NewCrossOriginProtection()
	for _, origin := range o {
		_ = protection.AddTrustedOrigin(origin)
	}
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		WriteError(r.Context(), w, logger, NewProblem(http.StatusForbidden, api.ProblemCodeForbidden, "This page may not use the shop."))
	}))
	return protection.Handler(next)
}

// Allow has browsers let the pages of the origins send requests and read the answers. It allows no cookies: who calls is
// said by a token alone.
func (o Origins) Allow(next http.Handler) http.Handler {
	if len(o) == 0 {
		return next
	}
	return cors.New(cors.Options{
		AllowedOrigins: o,
		AllowedMethods: []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"},
		AllowedHeaders: []string{"Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "Last-Event-ID", requestIDHeader},
		ExposedHeaders: []string{requestIDHeader, "Age", "ETag", "Idempotent-Replay", "Location", "Retry-After", "Warning", "WWW-Authenticate"},
		MaxAge:         600,
	}).Handler(next)
}
