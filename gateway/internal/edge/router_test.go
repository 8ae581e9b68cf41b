package edge

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"souk/gateway/internal/api"
	"souk/platform/access"
	"souk/platform/rpc"
)

func TestAnUnknownPathIsAProblem(t *testing.T) {
	t.Parallel()
	e := serveEdge(t)
	for _, path := range []string{
		"/", "/v1", "/v1/", "/v2/products", "/v1/products/", "/v1/products/a/b", "/v1/nothing", "/V1/products", "/v1/carts/id/items",
		"/v1/orders/id/refunds", "/admin", "/.well-known/", "/v1//nothing", "/v1/nothing/../else", "/favicon.ico", "/v1/products%2Fx/y",
	} {
		for _, method := range []string{"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"} {
			e.send(t, request{method: method, path: path}).mustBe(t, http.StatusNotFound, "not_found", "")
		}
	}
}

func TestAnUnknownMethodIsAnsweredWithTheAllowedOnes(t *testing.T) {
	t.Parallel()
	e := serveEdge(t)
	methods := map[string][]string{}
	for _, op := range contract(t) {
		methods[op.path] = append(methods[op.path], op.method)
		if op.method == "GET" {
			methods[op.path] = append(methods[op.path], "HEAD")
		}
	}
	// Its other methods are for a product with that id, of which there is none.
	const suggestions = "/v1/products/suggestions"
	methods[suggestions] = slices.Compact(slices.Sorted(slices.Values(slices.Concat(methods[suggestions], methods["/v1/products/{id}"]))))
	for path, allowed := range methods {
		slices.Sort(allowed)
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"} {
				if slices.Contains(allowed, method) {
					continue
				}
				a := e.send(t, request{method: method, path: fillPath(path)})
				a.mustBe(t, http.StatusMethodNotAllowed, "method_not_allowed", "")
				got := strings.Split(a.header.Get("Allow"), ", ")
				slices.Sort(got)
				if path == "/v1/sessions/current" || path == "/v1/sessions/refresh" {
					continue // no other path has this form
				}
				if !slices.Equal(got, allowed) {
					t.Errorf("%s: Allow %q, want %q", method, got, allowed)
				}
			}
		})
	}
}

func TestHeadAnswersHaveNoBody(t *testing.T) {
	t.Parallel()
	e := serveEdge(t)
	a := e.send(t, request{method: "HEAD", path: "/v1/products"})
	if a.status != passed || len(a.body) != 0 {
		t.Errorf("answered %d with %d bytes", a.status, len(a.body))
	}
}

func TestEveryOperationHasADeadline(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	logger := slog.New(slog.DiscardHandler)
	left := make(chan time.Duration, 1)
	router, err := NewRouter(nil, Options{Verifier: access.NewVerifier(k), Logger: logger}, func(api.StrictHandlerFunc, string) api.StrictHandlerFunc {
		return func(ctx context.Context, _ http.ResponseWriter, _ *http.Request, _ any) (any, error) {
			deadline, ok := ctx.Deadline()
			if !ok {
				return nil, errors.New("no deadline")
			}
			left <- time.Until(deadline)
			return nil, NewProblem(passed, "passed", "")
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for pattern, want := range map[string]time.Duration{
		"GET /v1/products": 10 * time.Second, "POST /v1/orders": 15 * time.Second, "POST /v1/product-imports": 4 * time.Minute,
	} {
		method, path, _ := strings.Cut(pattern, " ")
		for _, op := range contract(t) {
			if op.method != method || op.path != path {
				continue
			}
			sent := op.request(t, &edgeServer{staff: k.token(t, time.Hour, access.RoleStaff)})
			if a := serve(t, Wrap(router, logger, noRequestLog()), sent); a.status != passed {
				t.Fatalf("%s: answered %d: %s", pattern, a.status, a.body)
			}
			if got := <-left; got > want || got < want-5*time.Second {
				t.Errorf("%s has %v, want %v", pattern, got, want)
			}
		}
	}
}

func TestTheCallerTheTokenAndTheRequestIDReachTheServices(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	logger := slog.New(slog.DiscardHandler)
	var caller access.Caller
	var id string
	router, err := NewRouter(nil, Options{Verifier: access.NewVerifier(k), Logger: logger}, func(api.StrictHandlerFunc, string) api.StrictHandlerFunc {
		return func(ctx context.Context, _ http.ResponseWriter, _ *http.Request, _ any) (any, error) {
			caller, id = access.FromContext(ctx), rpc.RequestID(ctx)
			return nil, NewProblem(passed, "passed", "")
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	a := serve(t, Wrap(router, logger, noRequestLog()), request{method: "GET", path: "/v1/me", header: map[string]string{
		"Authorization": "Bearer " + k.token(t, time.Hour, access.RoleStaff), "X-Request-Id": "req-1",
	}})
	a.mustPass(t)
	if caller.CustomerID != "customer-1" || caller.SessionID != "session-1" || !caller.Staff() || id != "req-1" {
		t.Errorf("caller %+v, request id %q", caller, id)
	}
	a = serve(t, Wrap(router, logger, noRequestLog()), request{method: "GET", path: "/v1/products"})
	a.mustPass(t)
	if caller.Authenticated() || id != a.header.Get("X-Request-Id") {
		t.Errorf("caller %+v, request id %q, header %q", caller, id, a.header.Get("X-Request-Id"))
	}
}

// The policies of a normal operation and of a stream.
var (
	usual   = map[string]any{"timeout": "10s", "cost": "usual", "class": "browsing", "answer": "new"}
	endless = map[string]any{"timeout": "none", "cost": "usual", "class": "browsing", "answer": "new"}
)

func extensions(policy map[string]any, scope string) map[string]any {
	all := map[string]any{"x-souk-policy": policy}
	if scope != "" {
		all["x-souk-scope"] = scope
	}
	return all
}

func TestAnOperationWithoutAPolicyIsAnError(t *testing.T) {
	t.Parallel()
	security := openapi3.NewSecurityRequirements().With(openapi3.NewSecurityRequirement().Authenticate("bearer"))
	for name, op := range map[string]*openapi3.Operation{
		"no security":       {OperationID: "x", Extensions: extensions(usual, "")},
		"unknown scope":     {OperationID: "x", Security: security, Extensions: extensions(usual, "orders:own")},
		"no policy":         {OperationID: "x", Security: security},
		"without a timeout": {OperationID: "x", Security: security, Extensions: extensions(endless, "")},
	} {
		spec := &openapi3.T{Paths: openapi3.NewPaths(openapi3.WithPath("/x", &openapi3.PathItem{Get: op}))}
		if _, err := operationsOf(spec); err == nil || !strings.Contains(err.Error(), "GET /x") {
			t.Errorf("%s: %v, want an error that names the operation", name, err)
		}
	}
}

func TestRegisteringARouteOutsideTheContractPanics(t *testing.T) {
	t.Parallel()
	router, err := NewRouter(nil, Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("it was registered")
		}
	}()
	router.HandleFunc("GET /v1/secrets", nil)
}

func TestHandlersOutsideTheContractAreServed(t *testing.T) {
	t.Parallel()
	logger := slog.New(slog.DiscardHandler)
	router, err := NewRouter(nil, Options{Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	router.Handle("GET /openapi.yaml", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("openapi: 3.1.0"))
	}))
	a := serve(t, Wrap(router, logger, noRequestLog()), request{method: "GET", path: "/openapi.yaml"})
	if a.status != http.StatusOK || string(a.body) != "openapi: 3.1.0" {
		t.Errorf("answered %d: %s", a.status, a.body)
	}
	serve(t, Wrap(router, logger, noRequestLog()), request{method: "POST", path: "/openapi.yaml"}).
		mustBe(t, http.StatusMethodNotAllowed, "method_not_allowed", "")
}

func TestNonCanonicalPathsAreNotFound(t *testing.T) {
	t.Parallel()
	e := serveEdge(t)
	for _, path := range []string{"/", "//", "/v1", "/v1/", "/v1//products", "/v1/products/", "/v1/./products", "/v1/../v1/products", "/v1/products//", "//v1/products"} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodTrace} {
			e.send(t, request{method: method, path: path}).mustBe(t, http.StatusNotFound, "not_found", "")
		}
	}
	e.send(t, request{method: http.MethodPut, path: "/v1/products"}).mustBe(t, http.StatusMethodNotAllowed, "method_not_allowed", "")
}
