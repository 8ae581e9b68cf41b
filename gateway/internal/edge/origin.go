package edge

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
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

var (
	// What a page may send to read what is public, and what one of a listed origin may send, beyond what browsers always allow.
	readHeaders = []string{"If-None-Match", requestIDHeader}
	sentHeaders = append([]string{"Authorization", "Content-Type", "Idempotency-Key", "If-Match", "Last-Event-ID"}, readHeaders...)
	// What of an answer a page may see, beyond what browsers always show.
	shownHeaders = []string{
		requestIDHeader, "Age", "ETag", "Idempotent-Replay", "Location", "RateLimit", "RateLimit-Policy", "Retry-After", "Warning", "WWW-Authenticate",
	}
)

// How long a browser may remember the answer to a preflight, in seconds.
const preflightAge = 600

// Allow has browsers let the pages of the origins send requests and read the answers, and the pages of every origin read what
// public says they may: whether a request with a method may be sent to the path of another. It allows no cookies: who calls is
// said by a token alone.
func (o Origins) Allow(next http.Handler, public func(method string, r *http.Request) bool) http.Handler {
	listed := next
	if len(o) > 0 {
		listed = cors.New(cors.Options{
			AllowedOrigins: o,
			AllowedMethods: []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"},
			AllowedHeaders: sentHeaders,
			ExposedHeaders: shownHeaders,
			MaxAge:         preflightAge,
		}).Handler(next)
	}
	strangers := cors.New(cors.Options{
		AllowedOrigins: []string{"*"}, AllowedMethods: []string{"GET", "HEAD"}, AllowedHeaders: readHeaders, MaxAge: preflightAge,
	}).Handler(next)
	shown := strings.Join(shownHeaders, ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked := r.Header.Get("Access-Control-Request-Method") // "" unless this is a preflight
		switch {
		case r.Method == http.MethodOptions && !slices.Contains(o, r.Header.Get("Origin")) && public(asked, r):
			strangers.ServeHTTP(w, r)
		case public(r.Method, r):
			// The same for every origin and for none, so that whoever keeps the answer may give it to all: no Vary.
			w.Header().Set("Access-Control-Allow-Origin", "*")
			w.Header().Set("Access-Control-Expose-Headers", shown)
			next.ServeHTTP(w, r)
		default:
			listed.ServeHTTP(w, r)
		}
	})
}
