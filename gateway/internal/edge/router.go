package edge

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"path"

	"github.com/getkin/kin-openapi/openapi3"

	"souk/gateway"
	"souk/gateway/internal/api"
	"souk/gateway/internal/policy"
	"souk/platform/access"
	"souk/platform/admission"
	"souk/platform/security"
)

// Router serves the operations of openapi.yaml, each behind the checks that the contract asks for.
type Router struct {
	mux        *http.ServeMux
	operations map[string]*operation
	// public are the patterns, no operations, that the web pages of every origin may read.
	public   map[string]bool
	verifier *access.Verifier
	redeem   func(ctx context.Context, orderID, ticket string) (token string, err error)
	limits   *Limits
	// Places to work at: for passwords, and for all the rest.
	passwords, limiter *admission.Limiter

	// room is for the bodies of requests that have no place yet.
	room    *room
	streams *streams
	logger  *slog.Logger
}

// Options are what a router works with.
type Options struct {
	Verifier *access.Verifier
	// Redeem spends a ticket for an order's events and returns the access token that it stands for. For a ticket that is not
	// good its error has the code NOT_FOUND.
	Redeem func(ctx context.Context, orderID, ticket string) (token string, err error)
	// Limits are how often clients may ask; nil for any number of times.
	Limits *Limits
	// Limiter has a place for each request that is worked on at once.
	Limiter *admission.Limiter
	Logger  *slog.Logger
}

// NewRouter returns a router that has the operations of server. Middlewares stand around an operation, after its checks.
func NewRouter(server api.StrictServerInterface, options Options, middlewares ...api.StrictMiddlewareFunc) (*Router, error) {
	spec, err := openapi3.NewLoader().LoadFromData(gateway.Spec)
	if err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	operations, err := operationsOf(spec)
	if err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	rt := &Router{
		mux: http.NewServeMux(), operations: operations, public: map[string]bool{}, verifier: options.Verifier, redeem: options.Redeem, limits: options.Limits,
		passwords: admission.New(passwordPlaces), limiter: options.Limiter, room: newRoom(roomForBodies), streams: newStreams(), logger: options.Logger,
	}
	fail := func(w http.ResponseWriter, r *http.Request, err error) { WriteError(r.Context(), w, rt.logger, err) }
	refuse := func(w http.ResponseWriter, r *http.Request, err error) { fail(w, r, unreadable(err)) }
	strict := api.NewStrictHandlerWithOptions(server, append(middlewares, rt.limits.slowGuesses, tellReplays), api.StrictHTTPServerOptions{
		RequestErrorHandlerFunc: refuse, ResponseErrorHandlerFunc: fail,
	})
	api.HandlerWithOptions(strict, api.StdHTTPServerOptions{BaseRouter: rt, ErrorHandlerFunc: refuse})
	return rt, nil
}

// HandleFunc registers the handler of an operation behind its checks. The generated code calls it.
func (rt *Router) HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request)) {
	op, ok := rt.operations[pattern]
	if !ok {
		panic("openapi.yaml has no operation " + pattern)
	}
	rt.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := op.withTimeout(r.Context())
		defer cancel()
		ctx = policy.WithAnswer(ctx, op.Answer)
		ctx = security.WithActor(ctx, security.Actor{Address: rt.limits.networkOf(r)})
		if err := rt.serve(op, w, r.WithContext(ctx), handler); err != nil {
			noteRateLimit(ctx, pattern, err)
			WriteError(ctx, w, rt.logger, err)
		}
	})
}

// serve has handler answer a request that passes the checks. An error means that it did not.
func (rt *Router) serve(op *operation, w http.ResponseWriter, r *http.Request, handler http.HandlerFunc) error {
	op.bound(w, r)
	if op.audience != anyone {
		w.Header().Set("Cache-Control", "no-store") // also of a guest, whose key to a cart is its id
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
		return admit(rt.limiterOf(op), op.Class, w, checked, handler)
	}
}

// EndStreams ends every stream, and those to come, so that they do not hold up the end of the process.
func (rt *Router) EndStreams() {
	rt.streams.end()
}

// Handle registers a handler that is no operation of the contract, such as its pages.
func (rt *Router) Handle(pattern string, handler http.Handler) {
	rt.mux.Handle(pattern, handler)
}

// HandlePublic registers a handler that is no operation of the contract, and whose answers the web pages of every origin may read.
func (rt *Router) HandlePublic(pattern string, handler http.Handler) {
	rt.public[pattern] = true
	rt.mux.Handle(pattern, handler)
}

// Public reports whether the web pages of every origin may send a request of this method to r's path, and read the answer.
func (rt *Router) Public(method string, r *http.Request) bool {
	if method != http.MethodGet && method != http.MethodHead {
		return false
	}
	_, pattern := rt.mux.Handler(&http.Request{Method: method, URL: r.URL, Host: r.Host})
	op := rt.operations[pattern]
	return rt.public[pattern] || op != nil && op.anyOrigin
}

// check does, in the order that costs and says least to strangers: limits, identity, then the header and the query. Whether there is
// a place at all was looked at before. How the client stands with the limits it writes into the header of the answer.
func (rt *Router) check(op *operation, header http.Header, r *http.Request) (*http.Request, error) {
	if !clean(r.URL.Path) {
		return nil, NotFound("There is no such resource.") // none has such a name
	}
	query, err := parseQuery(r)
	if err != nil {
		return nil, err
	}
	if err := rt.limits.admitAddress(op.Cost, header, r); err != nil {
		return nil, err
	}
	ctx, err := rt.identify(op, query, r)
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
	return r.WithContext(op.keyed(ctx, r.Header)), nil
}

// ServeHTTP implements http.Handler. What there is no place for is refused before anything is done for it. What no pattern
// matches gets a problem like any other error.
func (rt *Router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !isCanonical(r.URL.EscapedPath()) {
		WriteError(r.Context(), w, rt.logger, NotFound("There is no such resource."))
		return
	}
	_, pattern := rt.mux.Handler(r)
	if op, ok := rt.operations[pattern]; ok && rt.limiterOf(op).Full(op.Class) {
		r.Pattern = pattern // for the log
		op.bound(w, r)
		refuse(w, r, op.Class)
		return
	}
	if pattern != "" {
		rt.mux.ServeHTTP(w, r)
		return
	}
	// The mux knows whether another method would have matched, and says which in Allow.
	probe := &probeWriter{header: http.Header{}}
	rt.mux.ServeHTTP(probe, r)
	p := NotFound("There is no such resource.")
	if probe.status == http.StatusMethodNotAllowed {
		p = methodNotAllowed(probe.header.Values("Allow")...)
	}
	WriteError(r.Context(), w, rt.logger, p)
}

// isCanonical reports whether a path has no empty and no dotted parts. The mux would redirect to the path without them, which no
// operation of the contract answers.
func isCanonical(escaped string) bool {
	clean := path.Clean(escaped)
	return clean == escaped || clean != "/" && clean+"/" == escaped
}

// probeWriter keeps the status and header of an answer and drops the rest.
type probeWriter struct {
	header http.Header
	status int
}

func (p *probeWriter) Header() http.Header         { return p.header }
func (p *probeWriter) WriteHeader(status int)      { p.status = status }
func (p *probeWriter) Write(b []byte) (int, error) { return len(b), nil }
