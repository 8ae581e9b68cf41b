package edge

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/gateway/internal/api"
	"souk/platform/access"
	"souk/platform/rpc"
	"souk/platform/security"
	"souk/testkit/securitytest"
)

// tickets maps tickets of the order some-id to tokens, as orders redeems them.
type tickets struct {
	mu     sync.Mutex
	tokens map[string]string
	// asked lists the tickets to redeem.
	asked []string
	// err is returned by redeem if not nil.
	err error
}

func (s *tickets) redeem(_ context.Context, orderID, ticket string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, ticket)
	if s.err != nil {
		return "", s.err
	}
	token, ok := s.tokens[ticket]
	if !ok || orderID != "some-id" {
		return "", rpc.Error(codes.NotFound, ordersv1.ErrorReason_ERROR_REASON_TICKET_NOT_FOUND, "ticket not found")
	}
	delete(s.tokens, ticket)
	return token, nil
}

// ticketed is an edge with orders behind it that has one valid ticket, "good", for a customer's events.
type ticketed struct {
	keys    *keys
	tickets *tickets
	handler http.Handler
	events  securitytest.Events

	// The identity of the last request that passed.
	caller   access.Caller
	token    string
	deadline time.Time
}

func newTicketed(t *testing.T) *ticketed {
	t.Helper()
	e := &ticketed{keys: newKeys(t)}
	e.tickets = &tickets{tokens: map[string]string{"good": e.keys.token(t, time.Hour)}}
	logger := slog.New(slog.NewJSONHandler(&e.events, &slog.HandlerOptions{Level: slog.LevelError}))
	options := Options{Verifier: access.NewVerifier(e.keys), Redeem: e.tickets.redeem, Logger: logger}
	router, err := NewRouter(nil, options, func(api.StrictHandlerFunc, string) api.StrictHandlerFunc {
		return func(ctx context.Context, _ http.ResponseWriter, _ *http.Request, _ any) (any, error) {
			e.caller, e.token = access.FromContext(ctx), access.Token(ctx)
			e.deadline, _ = ctx.Deadline()
			return nil, NewProblem(passed, "passed", "")
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	e.handler = Wrap(router, logger, noRequestLog())
	return e
}

const eventsPath = "/v1/orders/some-id/events"

func (e *ticketed) get(t *testing.T, path string) reply {
	t.Helper()
	return serve(t, e.handler, request{method: "GET", path: path})
}

func (e *ticketed) mustNotHaveRedeemed(t *testing.T) {
	t.Helper()
	if len(e.tickets.asked) > 0 {
		t.Errorf("asked to redeem %q", e.tickets.asked)
	}
}

func TestATicketReplacesTheTokenOfAStreamOnce(t *testing.T) {
	t.Parallel()
	e := newTicketed(t)
	token := e.tickets.tokens["good"]
	a := e.get(t, eventsPath+"?ticket=good")
	if a.mustPass(t); a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("Cache-Control %q", a.header.Get("Cache-Control"))
	}
	if e.caller.CustomerID != "customer-1" || e.token != token || !e.deadline.Equal(e.caller.ExpiresAt) {
		t.Errorf("called by %+v until %v", e.caller, e.deadline)
	}
	a = e.get(t, eventsPath+"?ticket=good")
	a.mustBe(t, http.StatusUnauthorized, "unauthenticated", "")
	if a.header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("WWW-Authenticate %q", a.header.Get("WWW-Authenticate"))
	}
	event := e.events.Expect(t, security.AccessRefused, "GET /v1/orders/{id}/events")
	if !strings.Contains(event.Line, "The ticket is not valid.") || strings.Contains(event.Line, "good") {
		t.Errorf("%s, want the reason and no ticket", event.Line)
	}
}

func TestABadTicketIsRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		path  string
		asked string
	}{
		"unknown":         {eventsPath + "?ticket=bad", "bad"},
		"empty":           {eventsPath + "?ticket=", ""},
		"another order's": {"/v1/orders/another-id/events?ticket=good", "good"},
		"given twice":     {eventsPath + "?ticket=good&ticket=good", ""},
		"too long":        {eventsPath + "?ticket=" + strings.Repeat("g", 101), ""},
		"in capitals":     {eventsPath + "?Ticket=good", ""},
		"not there":       {eventsPath, ""},
	} {
		e := newTicketed(t)
		a := e.get(t, test.path)
		a.mustBe(t, http.StatusUnauthorized, "unauthenticated", "")
		if got := strings.Join(e.tickets.asked, " "); got != test.asked {
			t.Errorf("%s: asked to redeem %q, want %q", name, got, test.asked)
		}
		if e.tickets.tokens["good"] == "" {
			t.Errorf("%s: the good ticket is spent", name)
		}
	}
}

func TestATicketIsIgnoredIfThereIsAnAuthorizationHeader(t *testing.T) {
	t.Parallel()
	e := newTicketed(t)
	good := "Bearer " + e.keys.tokenOf(t, "customer-2", time.Hour)
	for name, test := range map[string]struct {
		headers []string
		status  int
	}{
		"a good token": {[]string{good}, passed}, "a bad token": {[]string{"Bearer x"}, http.StatusUnauthorized},
		"another scheme": {[]string{"Basic eDp5"}, http.StatusUnauthorized}, "an empty header": {[]string{""}, http.StatusUnauthorized},
		"two headers": {[]string{good, good}, http.StatusUnauthorized},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, eventsPath+"?ticket=good", nil)
		r.Header["Authorization"] = test.headers
		recorder := httptest.NewRecorder()
		e.handler.ServeHTTP(recorder, r)
		if recorder.Code != test.status {
			t.Errorf("%s: answered %d, want %d", name, recorder.Code, test.status)
		}
	}
	if e.caller.CustomerID != "customer-2" {
		t.Errorf("called by %+v", e.caller)
	}
	e.mustNotHaveRedeemed(t)
}

func TestATicketIsOnlyAsValidAsItsToken(t *testing.T) {
	t.Parallel()
	for name, token := range map[string]string{"over": "", "forged": "not.a.token"} {
		e := newTicketed(t)
		if token == "" {
			token = e.keys.token(t, -time.Minute)
		}
		e.tickets.tokens[name] = token
		e.get(t, eventsPath+"?ticket="+name).mustBe(t, http.StatusUnauthorized, "unauthenticated", "")
	}
	e := newTicketed(t)
	e.keys.err = access.ErrKeysUnavailable
	e.get(t, eventsPath+"?ticket=good").mustBe(t, http.StatusServiceUnavailable, "unavailable", "")
}

func TestTicketsAreUnavailableWithoutOrders(t *testing.T) {
	t.Parallel()
	e := newTicketed(t)
	for _, code := range []codes.Code{codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted} {
		e.tickets.err = status.Error(code, "orders is away")
		a := e.get(t, eventsPath+"?ticket=good")
		if a.mustBe(t, http.StatusServiceUnavailable, "unavailable", ""); a.header.Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", code)
		}
	}
	// The error of an earlier version of orders.
	e.tickets.err = status.Error(codes.Unimplemented, "unknown method")
	e.get(t, eventsPath+"?ticket=good").mustBe(t, http.StatusInternalServerError, "internal", "")
}

func TestATicketIsAcceptedOnlyForStreams(t *testing.T) {
	t.Parallel()
	e := newTicketed(t)
	tried := 0
	for _, op := range contract(t) {
		pattern := op.method + " " + op.path
		if w := who[pattern]; w != "customer" && w != "staff" || fillPath(op.path) == eventsPath {
			continue
		}
		tried++
		r := op.request(t, &edgeServer{})
		delete(r.header, "Authorization")
		r.path += "?ticket=good"
		if a := serve(t, e.handler, r); a.status != http.StatusUnauthorized {
			t.Errorf("%s: answered %d", pattern, a.status)
		}
	}
	if tried < 20 {
		t.Errorf("only %d operations", tried)
	}
	e.mustNotHaveRedeemed(t)
}
