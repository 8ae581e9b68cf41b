package edge

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"

	"souk/gateway"
	"souk/gateway/internal/api"
	"souk/gateway/internal/policy"
	"souk/platform/access"
	"souk/platform/admission"
	"souk/platform/security"
)

// Router serves the operations of openapi.yaml. Each request passes the checks of its operation first.
type Router struct {
	mux        *http.ServeMux
	operations map[string]*operation
	// public contains patterns other than operations that web pages of every origin may read.
	public   map[string]bool
	verifier *access.Verifier
	redeem   func(ctx context.Context, orderID, ticket string) (token string, err error)
	keys     *keyTokens
	limits   *Limits
	// Limits of concurrent requests: one for password requests, one for all others.
	passwords, limiter *admission.Limiter

	// room limits the memory of bodies of requests without a place.
	room    *room
	streams *streams
	logger  *slog.Logger
}

// Options are the dependencies of a router.
type Options struct {
	Verifier *access.Verifier
	// Redeem exchanges a ticket for an order's events for the access token that it stands for. For an invalid ticket it returns
	// an error with code NOT_FOUND.
	Redeem func(ctx context.Context, orderID, ticket string) (token string, err error)
	// TokenOfKey exchanges an API key for an access token. For an invalid key it returns an error with code UNAUTHENTICATED.
	TokenOfKey func(ctx context.Context, key string) (token string, err error)
	// Limits are the rate limits; nil means none.
	Limits *Limits
	// Limiter limits the number of concurrent requests.
	Limiter *admission.Limiter
	Logger  *slog.Logger
}

// specified returns the operations of openapi.yaml. It reads them once, because that takes long. Each router has a copy of them.
var specified = sync.OnceValues(func() (map[string]*operation, error) {
	spec, err := openapi3.NewLoader().LoadFromData(gateway.Spec)
	if err != nil {
		return nil, err
	}
	return operationsOf(spec)
})

// NewRouter returns a router with the operations of server. The middlewares run after an operation's checks.
func NewRouter(server api.StrictServerInterface, options Options, middlewares ...api.StrictMiddlewareFunc) (*Router, error) {
	shared, err := specified()
	if err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	operations := map[string]*operation{}
	for pattern, op := range shared {
		own := *op
		operations[pattern] = &own
	}
	rt := &Router{
		mux: http.NewServeMux(), operations: operations, public: map[string]bool{}, verifier: options.Verifier, redeem: options.Redeem, keys: newKeyTokens(options.TokenOfKey), limits: options.Limits,
		passwords: admission.New(passwordPlaces), limiter: options.Limiter, room: newRoom(roomForBodies), streams: newStreams(), logger: options.Logger,
	}
	fail := func(w http.ResponseWriter, r *http.Request, err error) { WriteError(r.Context(), w, rt.logger, err) }
	refuse := func(w http.ResponseWriter, r *http.Request, err error) { fail(w, r, unreadable(err)) }
	strict := api.NewStrictHandlerWithOptions(server, append(middlewares, rt.limits.limitPasswordAttempts, rt.limitClientTokens, markReplays), api.StrictHTTPServerOptions{
		RequestErrorHandlerFunc: refuse, ResponseErrorHandlerFunc: fail,
	})
	rt.mux.HandleFunc(unmatched, rt.refuseUnmatched)
	api.HandlerWithOptions(strict, api.StdHTTPServerOptions{BaseRouter: rt, ErrorHandlerFunc: refuse})
	return rt, nil
}

// HandleFunc registers the handler of an operation. The generated code calls it.
func (rt *Router) HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request)) {
	op, ok := rt.operations[pattern]
	if !ok {
		panic("openapi.yaml has no operation " + pattern)
	}
	op.limiter = rt.limiterOf(op)
	rt.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		if op.limiter.Full(op.Class) { // a cheap answer, before any other work
			op.setDeadlines(w, r)
			refuse(w, r, op.Class)
			return
		}
		ctx, cancel := op.withTimeout(r.Context())
		defer cancel()
		ctx = policy.WithAnswer(admission.WithClass(ctx, op.Class), op.Answer)
		ctx = security.WithActor(ctx, security.Actor{Address: rt.limits.networkOf(r)})
		if err := rt.serve(op, w, r.WithContext(ctx), handler); err != nil {
			noteRateLimit(ctx, pattern, err)
			if op.oauth {
				err = oauthErrorOf(err)
			}
			WriteError(ctx, w, rt.logger, err)
		}
	})
}

// serve checks a request and runs handler. It returns an error if a check failed.
func (rt *Router) serve(op *operation, w http.ResponseWriter, r *http.Request, handler http.HandlerFunc) error {
	op.setDeadlines(w, r)
	if op.audience != anyone {
		w.Header().Set("Cache-Control", "no-store") // for guests too, because the ID of a guest's cart gives access to it
	}
	checked, err := rt.check(op, w.Header(), r)
	if err != nil {
		return err
	}
	held, err := rt.readBody(op, w, checked)
	if held != nil {
		defer held.release()
	}
	switch {
	case err != nil:
		return err
	case op.stream:
		return rt.streams.serve(w, checked, handler)
	default:
		return admit(op.limiter, w, checked, handler)
	}
}

// EndStreams ends all present and future streams, so that they do not delay the end of the process.
func (rt *Router) EndStreams() {
	rt.streams.end()
}

// Handle registers a handler outside the contract, for example for documentation pages.
func (rt *Router) Handle(pattern string, handler http.Handler) {
	rt.mux.Handle(pattern, handler)
}

// HandlePublic registers a handler outside the contract whose answers web pages of every origin may read.
func (rt *Router) HandlePublic(pattern string, handler http.Handler) {
	rt.public[pattern] = true
	rt.mux.Handle(pattern, handler)
}

// Public reports whether web pages of every origin may send a request with this method to r's path and read the answer.
func (rt *Router) Public(method string, r *http.Request) bool {
	if method != http.MethodGet && method != http.MethodHead {
		return false
	}
	_, pattern := rt.mux.Handler(&http.Request{Method: method, URL: r.URL, Host: r.Host})
	op := rt.operations[pattern]
	return rt.public[pattern] || op != nil && op.anyOrigin
}

// check runs the cheap checks first and reveals as little as possible to strangers: rate limits, identity, then headers and
// query. The state of the rate limits is written to header, the header of the answer.
func (rt *Router) check(op *operation, header http.Header, r *http.Request) (*http.Request, error) {
	if !clean(r.URL.Path) {
		return nil, NotFound("There is no such resource.") // no resource has such a name
	}
	query, err := parseQuery(r)
	if err != nil {
		return nil, err
	}
	if err := rt.limits.admitAddress(op.Cost, header, r); err != nil {
		return nil, err
	}
	ctx, err := rt.identify(op, query, header, r)
	if err != nil {
		return nil, err
	}
	if err := rt.limits.admitCustomer(ctx, op.Cost, header); err != nil {
		return nil, err
	}
	if err := op.checkHeader(r.Header); err != nil {
		return nil, err
	}
	if err := op.checkParameters(query, r.Header); err != nil {
		return nil, err
	}
	if ctx = op.withKey(ctx, r.Header); ctx == r.Context() {
		return r, nil
	}
	return r.WithContext(ctx), nil
}

// ServeHTTP implements http.Handler. It answers paths that are not canonical with a problem, because ServeMux would redirect to
// the canonical path, and the contract has no redirects.
func (rt *Router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !isCanonical(r.URL.EscapedPath()) {
		WriteError(r.Context(), w, rt.logger, NotFound("There is no such resource."))
		return
	}
	rt.mux.ServeHTTP(w, r)
}

// unmatched is the pattern of requests that no other pattern matches.
const unmatched = "/"

// refuseUnmatched answers a request whose path is not in the contract, or whose method is not allowed for its path.
func (rt *Router) refuseUnmatched(w http.ResponseWriter, r *http.Request) {
	r.Pattern = "" // is logged
	refusal := NotFound("There is no such resource.")
	if allowed := rt.methodsOf(r); len(allowed) > 0 {
		refusal = methodNotAllowed(allowed...)
	}
	WriteError(r.Context(), w, rt.logger, refusal)
}

// methodsOf returns the methods that are allowed for the path of a request.
func (rt *Router) methodsOf(r *http.Request) (allowed []string) {
	for _, method := range []string{http.MethodDelete, http.MethodGet, http.MethodHead, http.MethodPatch, http.MethodPost, http.MethodPut} {
		if _, pattern := rt.mux.Handler(&http.Request{Method: method, URL: r.URL, Host: r.Host}); pattern != unmatched {
			allowed = append(allowed, method)
		}
	}
	return allowed
}

// isCanonical reports whether a path is absolute and has no empty or dotted parts.
func isCanonical(escaped string) bool {
	clean := path.Clean(escaped)
	return strings.HasPrefix(clean, "/") && (clean == escaped || clean != "/" && clean+"/" == escaped)
}
