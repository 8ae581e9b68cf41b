package edge

import (
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/rs/cors"

	"souk/gateway/internal/api"
)

// Origins are the origins of other web pages that may use the API from a browser, in the form https://shop.example. Pages of
// unlisted origins may not use it.
type Origins []string

// Validate returns an error that names an invalid origin.
func (o Origins) Validate() error {
	protection := http.NewCrossOriginProtection()
	for _, origin := range o {
		if err := protection.AddTrustedOrigin(origin); err != nil || strings.Contains(origin, "*") || origin != strings.ToLower(origin) {
			return fmt.Errorf("%q is no origin like https://shop.example", origin)
		}
	}
	return nil
}

// Protect refuses requests that change something and come from a page of an unlisted origin. The origins must be valid.
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
	// Request headers that browsers may send beyond the ones always allowed: to public resources, and from listed origins.
	readHeaders = []string{"If-None-Match", requestIDHeader, traceparent}
	sentHeaders = append([]string{"Authorization", "Content-Type", "Idempotency-Key", "If-Match", "Last-Event-ID"}, readHeaders...)
	// Answer headers that pages may read beyond the ones always allowed.
	shownHeaders = []string{
		requestIDHeader, traceparent, "Age", "ETag", "Idempotent-Replay", "Location", "RateLimit", "RateLimit-Policy", "Retry-After", "Warning", "WWW-Authenticate",
	}
)

// cookiePaths take the one-time code of a sign-in with a provider, together with the cookie of the browser that started it. The cookie
// identifies that browser, and no caller.
var cookiePaths = []string{"/v1/sessions", "/v1/me/identities"}

// How long a browser may cache the answer to a preflight, in seconds.
const preflightAge = 600

// Allow lets pages of the listed origins send requests and read the answers. Pages of all other origins may send only the
// requests that public allows: it reports whether a method may be used on the path of a request. Cookies are not allowed but on
// cookiePaths, because the token alone identifies the caller.
func (o Origins) Allow(next http.Handler, public func(method string, r *http.Request) bool) http.Handler {
	listed, withCookie := next, next
	if len(o) > 0 {
		options := cors.Options{
			AllowedOrigins: o,
			AllowedMethods: []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"},
			AllowedHeaders: sentHeaders,
			ExposedHeaders: shownHeaders,
			MaxAge:         preflightAge,
		}
		listed = cors.New(options).Handler(next)
		options.AllowCredentials = true
		withCookie = cors.New(options).Handler(next)
	}
	strangers := cors.New(cors.Options{
		AllowedOrigins: []string{"*"}, AllowedMethods: []string{"GET", "HEAD"}, AllowedHeaders: readHeaders, MaxAge: preflightAge,
	}).Handler(next)
	forEveryone := http.Header{
		"Access-Control-Allow-Origin":   {"*"},
		"Access-Control-Expose-Headers": {strings.Join(shownHeaders, ", ")},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked := r.Header.Get("Access-Control-Request-Method") // "" if this is not a preflight
		switch {
		case r.Method == http.MethodOptions && !slices.Contains(o, r.Header.Get("Origin")) && public(asked, r):
			strangers.ServeHTTP(w, r)
		case public(r.Method, r):
			// The headers are the same for all requests, with and without an origin, so that caches may give the answer to
			// everybody without Vary.
			maps.Copy(w.Header(), forEveryone)
			next.ServeHTTP(w, r)
		case slices.Contains(cookiePaths, r.URL.Path):
			withCookie.ServeHTTP(w, r)
		default:
			listed.ServeHTTP(w, r)
		}
	})
}
