// Package app assembles the gateway.
package app

import (
	"context"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	accessv1 "souk/proto/gen/souk/access/v1"
	auditv1 "souk/proto/gen/souk/audit/v1"
	cartsv1 "souk/proto/gen/souk/carts/v1"
	catalogv1 "souk/proto/gen/souk/catalog/v1"
	customersv1 "souk/proto/gen/souk/customers/v1"
	inventoryv1 "souk/proto/gen/souk/inventory/v1"
	ordersv1 "souk/proto/gen/souk/orders/v1"
	paymentsv1 "souk/proto/gen/souk/payments/v1"
	recommendationsv1 "souk/proto/gen/souk/recommendations/v1"
	shippingv1 "souk/proto/gen/souk/shipping/v1"

	"souk/gateway"
	"souk/gateway/internal/docs"
	"souk/gateway/internal/edge"
	"souk/gateway/internal/feed"
	"souk/gateway/internal/handler"
	"souk/gateway/internal/lastgood"
	"souk/platform/admission"
	"souk/platform/config"
	"souk/platform/service"
)

// How long a started process waits for the services before it reports ready. Running services are connected within a second.
// The wait is limited because a service that is down must not keep the gateway out of the load balancer.
const warmUp = 5 * time.Second

// peers are the services that the gateway calls.
var peers = []string{"catalog", "customers", "carts", "inventory", "orders", "payments", "shipping", "recommendations"}

// optional is the service that a gateway does not wait for when it starts.
const optional = "recommendations"

// Run serves the REST API until ctx is done.
func Run(ctx context.Context) error {
	var cfg Config
	if err := config.Load(&cfg); err != nil {
		return err
	}
	svc, err := service.New("gateway", cfg.Service, service.Listen{Addr: cfg.Addr, Advertise: cfg.Advertise, AdminAddr: cfg.AdminAddr})
	if err != nil {
		return err
	}
	if err := svc.ConfigureHTTP(cfg.http()); err != nil {
		return err
	}
	conns, dependencies, err := dial(svc)
	if err != nil {
		return err
	}
	services := servicesAt(conns)
	products, stock := cfg.changes(), cfg.changes()
	if products != nil {
		askCatalog, askInventory := feed.Products(services.Catalog), feed.Availability(services.Inventory)
		svc.Background("changes of products", func(ctx context.Context) error { return products.Follow(ctx, "products", svc.Logger(), askCatalog) })
		svc.Background("changes of stock", func(ctx context.Context) error { return stock.Follow(ctx, "stock", svc.Logger(), askInventory) })
	}
	services.Catalog = lastgood.NewCatalog(services.Catalog, cfg.CacheBytes, products, svc.Logger())
	var warm atomic.Bool
	svc.Background("dependencies", func(ctx context.Context) error {
		first, cancel := context.WithTimeout(ctx, warmUp)
		defer cancel()
		dependencies.Without(optional).Await(first)
		warm.Store(true)
		dependencies.Await(first)
		dependencies.Watch(ctx)
		return nil
	})
	svc.ReadyWhen(warm.Load)
	ready := func() bool { return warm.Load() && !svc.Stopping() }
	h := handler.New(services, handler.Options{
		Dependencies: dependencies, Ready: ready, Currency: cfg.Currency, Issuer: cfg.IssuerURL, Stock: stock, Logger: svc.Logger(),
	})
	limits := cfg.limits()
	router, err := edge.NewRouter(h, edge.Options{
		Verifier: svc.Verifier(), Redeem: h.RedeemEventTicket, TokenOfKey: h.TokenOfKey, Limits: limits, Limiter: admission.New(cfg.Concurrency), Logger: svc.Logger(),
	}, handler.StaleIfError, handler.KeepUserAgent, handler.KeepClientSecret, handler.KeepBrowser, handler.KeepOptions, handler.NewPages(cfg.CacheBytes, products, stock).Keep)
	if err != nil {
		return err
	}
	addPages(router)
	svc.WhileServing("streams", func(ctx context.Context) error {
		<-ctx.Done()
		router.EndStreams()
		return nil
	})
	root, err := edge.Compress(limits.Wrap(cfg.Origins.Protect(router, svc.Logger()), svc.Logger()))
	if err != nil {
		return err
	}
	requests := edge.NewRequestLog(os.Stderr, cfg.Service.LogLevel)
	svc.OnStop(requests.Flush)
	svc.HTTP(edge.Wrap(cfg.Origins.Allow(root, router.Public), svc.Logger(), requests))
	return svc.Run(ctx)
}

// dial returns the connections to the peers, also as dependencies.
func dial(svc *service.Service) (conns map[string]*grpc.ClientConn, dependencies handler.Dependencies, err error) {
	conns, dependencies = map[string]*grpc.ClientConn{}, handler.Dependencies{}
	for _, name := range peers {
		if conns[name], err = svc.Dial(name); err != nil {
			return nil, nil, err
		}
		dependencies[name] = conns[name]
	}
	dependencies.Show()
	return conns, dependencies, nil
}

// audited are the services that have an audit log.
var audited = []string{"catalog", "customers", "inventory", "orders", "shipping", "payments"}

func servicesAt(conns map[string]*grpc.ClientConn) handler.Services {
	logs := map[string]auditv1.AuditServiceClient{}
	for _, name := range audited {
		logs[name] = auditv1.NewAuditServiceClient(conns[name])
	}
	return handler.Services{
		Catalog:         catalogv1.NewCatalogServiceClient(conns["catalog"]),
		Customers:       customersv1.NewCustomersServiceClient(conns["customers"]),
		Keys:            accessv1.NewKeysServiceClient(conns["customers"]),
		Carts:           cartsv1.NewCartsServiceClient(conns["carts"]),
		Orders:          ordersv1.NewOrdersServiceClient(conns["orders"]),
		Payments:        paymentsv1.NewPaymentsServiceClient(conns["payments"]),
		Inventory:       inventoryv1.NewInventoryServiceClient(conns["inventory"]),
		Shipping:        shippingv1.NewShippingServiceClient(conns["shipping"]),
		Recommendations: recommendationsv1.NewRecommendationsServiceClient(conns["recommendations"]),
		Audit:           logs,
		Staff:           customersv1.NewStaffServiceClient(conns["customers"]),
		SignIn:          customersv1.NewSignInServiceClient(conns["customers"]),
		Clients:         customersv1.NewClientsServiceClient(conns["customers"]),
	}
}

// addPages serves openapi.yaml and the documentation pages.
func addPages(router *edge.Router) {
	router.HandlePublic("GET /openapi.yaml", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/yaml")
		_, _ = w.Write(gateway.Spec)
	}))
	pages := docs.Handler()
	router.Handle("GET /docs", pages)
	router.Handle("GET /docs/", pages)
}
