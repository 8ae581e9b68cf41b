package handler_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	accessv1 "souk/proto/gen/souk/access/v1"
	auditv1 "souk/proto/gen/souk/audit/v1"
	cartsv1 "souk/proto/gen/souk/carts/v1"
	catalogv1 "souk/proto/gen/souk/catalog/v1"
	customersv1 "souk/proto/gen/souk/customers/v1"
	inventoryv1 "souk/proto/gen/souk/inventory/v1"
	moneyv1 "souk/proto/gen/souk/money/v1"
	ordersv1 "souk/proto/gen/souk/orders/v1"
	paymentsv1 "souk/proto/gen/souk/payments/v1"
	recommendationsv1 "souk/proto/gen/souk/recommendations/v1"
	shippingv1 "souk/proto/gen/souk/shipping/v1"

	"souk/gateway/internal/edge"
	"souk/gateway/internal/feed"
	"souk/gateway/internal/handler"
	"souk/gateway/internal/lastgood"
	"souk/platform/access"
	"souk/platform/breaker"
	"souk/platform/rpc"
	"souk/testkit/certtest"
	"souk/testkit/contract"
)

// shop is a gateway with fake services, whose answers a test sets. All other RPCs return UNAVAILABLE.
type shop struct {
	url    string
	client *http.Client
	server *http.Server
	// patience is how long a test may listen to a stream.
	patience time.Duration
	router   *edge.Router
	private  ed25519.PrivateKey
	health   *health.Server
	imported *importer
	// The changes that keep the caches valid; nil for no caches.
	products, stock *feed.Changes

	mu    sync.Mutex
	hooks map[string]func(context.Context, any) (any, error)
	// conn is the connection to all services.
	conn     *grpc.ClientConn
	stopping atomic.Bool
	// broken maps failing services to their errors.
	broken map[string]error
	calls  map[string]int
}

// on sets the answer of the RPC with this full name.
func on[Req, Resp any](s *shop, method string, answer func(context.Context, Req) (Resp, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks[method] = func(ctx context.Context, req any) (any, error) { return answer(ctx, req.(Req)) }
}

// returns is an answer function that always returns answer.
func returns[Req, Resp any](answer Resp) func(context.Context, Req) (Resp, error) {
	return func(context.Context, Req) (Resp, error) { return answer, nil }
}

// fail makes an RPC return an error.
func (s *shop) fail(method string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks[method] = func(context.Context, any) (any, error) { return nil, err }
}

// called returns the number of calls of an RPC.
func (s *shop) called(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[method]
}

// answer is a server interceptor that replaces every service.
func (s *shop) answer(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	s.mu.Lock()
	hook := s.hooks[info.FullMethod]
	s.calls[info.FullMethod]++
	service, _, _ := strings.Cut(info.FullMethod[strings.LastIndex(info.FullMethod, ".")+1:], "/")
	broken := s.broken[service]
	s.mu.Unlock()
	switch {
	case broken != nil:
		return nil, broken
	case hook != nil:
		return hook(ctx, req)
	case strings.HasPrefix(info.FullMethod, "/grpc.health."):
		return next(ctx, req)
	}
	return nil, status.Error(codes.Unavailable, info.FullMethod+" is away")
}

// Key implements access.KeySource.
func (s *shop) Key(context.Context, string) (ed25519.PublicKey, error) {
	return s.private.Public().(ed25519.PublicKey), nil
}

// open returns a shop that sells in pounds.
func open(t testing.TB) *shop {
	t.Helper()
	return openIn(t, "GBP")
}

// openWithCopy returns a shop whose gateway answers from its caches while products and stock report no change.
func openWithCopy(t testing.TB) *shop {
	t.Helper()
	return openAs(t, "GBP", feed.NewChanges(), feed.NewChanges())
}

// openIn returns a shop that sells in currency.
func openIn(t testing.TB, currency string) *shop {
	t.Helper()
	return openAs(t, currency, nil, nil)
}

func openAs(t testing.TB, currency string, products, stock *feed.Changes) *shop {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{
		products: products, stock: stock, private: private, patience: 20 * time.Second, health: health.NewServer(), imported: &importer{ended: make(chan error, 1)},
		hooks: map[string]func(context.Context, any) (any, error){}, calls: map[string]int{}, broken: map[string]error{},
	}
	logger := slog.New(slog.DiscardHandler)
	s.conn = s.dial(t, logger)
	conn := s.conn
	h := handler.New(handler.Services{
		Catalog: lastgood.NewCatalog(catalogv1.NewCatalogServiceClient(conn), 1<<20, s.products, logger), Customers: customersv1.NewCustomersServiceClient(conn), Staff: customersv1.NewStaffServiceClient(conn), Clients: customersv1.NewClientsServiceClient(conn), SignIn: customersv1.NewSignInServiceClient(conn),
		Keys: accessv1.NewKeysServiceClient(conn), Carts: cartsv1.NewCartsServiceClient(conn),
		Orders: ordersv1.NewOrdersServiceClient(conn), Payments: paymentsv1.NewPaymentsServiceClient(conn),
		Inventory: inventoryv1.NewInventoryServiceClient(conn), Shipping: shippingv1.NewShippingServiceClient(conn),
		Recommendations: recommendationsv1.NewRecommendationsServiceClient(conn),
		Audit:           map[string]auditv1.AuditServiceClient{"inventory": auditv1.NewAuditServiceClient(conn)},
	}, handler.Options{
		Dependencies: handler.Dependencies{"catalog": conn, "orders": conn}, Ready: func() bool { return !s.stopping.Load() },
		Currency: currency, Issuer: "https://shop.example.com", Stock: s.stock, Logger: logger,
	})
	server := httptest.NewServer(s.wrap(t, h, logger))
	t.Cleanup(server.Close)
	s.url, s.client, s.server = server.URL, server.Client(), server.Config
	s.client.Transport = held(t, s.client.Transport)
	return s
}

// held is a transport that fails the test for answers that openapi.yaml does not document.
func held(t testing.TB, transport http.RoundTripper) http.RoundTripper {
	return contract.Transport(transport, func(err error) error {
		t.Error(err)
		return nil
	})
}

// wrap puts the edge in front of the handler, as the app does.
func (s *shop) wrap(t testing.TB, h *handler.Handler, logger *slog.Logger) http.Handler {
	t.Helper()
	var err error
	options := edge.Options{Verifier: access.NewVerifier(s), Redeem: h.RedeemEventTicket, Logger: logger}
	if s.router, err = edge.NewRouter(h, options, handler.StaleIfError, handler.KeepUserAgent, handler.KeepClientSecret, handler.KeepBrowser, handler.KeepOptions, handler.NewPages(1<<20, s.products, s.stock).Keep); err != nil {
		t.Fatal(err)
	}
	root, err := edge.Compress(s.router)
	if err != nil {
		t.Fatal(err)
	}
	return edge.Wrap(root, logger, edge.NewRequestLog(io.Discard, slog.LevelInfo))
}

// dial starts the services with the real guard and returns a connection like the gateway's.
func (s *shop) dial(t testing.TB, logger *slog.Logger) *grpc.ClientConn {
	t.Helper()
	guard := access.NewGuard(access.NewVerifier(s))
	authority, err := certtest.New()
	if err != nil {
		t.Fatal(err)
	}
	own, ownErr := authority.Identity("shop")
	gateway, err := authority.Identity("gateway")
	if err := errors.Join(ownErr, err); err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.Creds(credentials.NewTLS(own.Server())),
		grpc.ChainUnaryInterceptor(guard.Unary, s.answer), grpc.ChainStreamInterceptor(guard.Stream))
	catalogv1.RegisterCatalogServiceServer(server, s.imported)
	customersv1.RegisterCustomersServiceServer(server, customersv1.UnimplementedCustomersServiceServer{})
	customersv1.RegisterStaffServiceServer(server, customersv1.UnimplementedStaffServiceServer{})
	customersv1.RegisterSignInServiceServer(server, customersv1.UnimplementedSignInServiceServer{})
	customersv1.RegisterClientsServiceServer(server, customersv1.UnimplementedClientsServiceServer{})
	accessv1.RegisterKeysServiceServer(server, accessv1.UnimplementedKeysServiceServer{})
	cartsv1.RegisterCartsServiceServer(server, cartsv1.UnimplementedCartsServiceServer{})
	ordersv1.RegisterOrdersServiceServer(server, ordersv1.UnimplementedOrdersServiceServer{})
	paymentsv1.RegisterPaymentsServiceServer(server, paymentsv1.UnimplementedPaymentsServiceServer{})
	inventoryv1.RegisterInventoryServiceServer(server, inventoryv1.UnimplementedInventoryServiceServer{})
	shippingv1.RegisterShippingServiceServer(server, shippingv1.UnimplementedShippingServiceServer{})
	recommendationsv1.RegisterRecommendationsServiceServer(server, recommendationsv1.UnimplementedRecommendationsServiceServer{})
	auditv1.RegisterAuditServiceServer(server, auditv1.UnimplementedAuditServiceServer{})
	healthv1.RegisterHealthServer(server, s.health)
	s.health.SetServingStatus("shop", healthv1.HealthCheckResponse_SERVING)
	if err := guard.Learn(server); err != nil {
		t.Fatal(err)
	}
	listener := bufconn.Listen(1 << 20)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	conn, err := rpc.Dial("passthrough:///shop", "shop", gateway, breaker.NewSet(logger), logger,
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func gbp(amount int64) *moneyv1.Money {
	return &moneyv1.Money{Amount: amount, Currency: "GBP"}
}

// incomingRequestID returns the request ID in the metadata of a call.
func incomingRequestID(ctx context.Context) string {
	ids := metadata.ValueFromIncomingContext(ctx, "x-request-id")
	return strings.Join(ids, " ")
}

// failAll makes every RPC of a service return an error.
func (s *shop) failAll(service string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken[service] = err
}

// leave requests a page and cancels the request.
func (s *shop) leave(t *testing.T, ctx context.Context, path string) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := s.client.Do(req); err == nil {
		_ = resp.Body.Close()
		t.Errorf("answered %d", resp.StatusCode)
	}
}
