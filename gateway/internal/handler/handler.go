// Package handler implements the operations of the REST contract. It calls the services and combines their answers. The edge
// converts the errors it returns to problems.
package handler

import (
	"log/slog"

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

	"souk/gateway/internal/api"
	"souk/gateway/internal/feed"
	"souk/platform/access"
)

// Services are the clients of the services.
type Services struct {
	Catalog         catalogv1.CatalogServiceClient
	Customers       customersv1.CustomersServiceClient
	Keys            accessv1.KeysServiceClient
	Carts           cartsv1.CartsServiceClient
	Orders          ordersv1.OrdersServiceClient
	Payments        paymentsv1.PaymentsServiceClient
	Inventory       inventoryv1.InventoryServiceClient
	Shipping        shippingv1.ShippingServiceClient
	Recommendations recommendationsv1.RecommendationsServiceClient
	Staff           customersv1.StaffServiceClient
	SignIn          customersv1.SignInServiceClient
	Clients         customersv1.ClientsServiceClient
	// Audit has the services with an audit log, by name.
	Audit map[string]auditv1.AuditServiceClient
}

// Handler implements every operation of the contract.
type Handler struct {
	Services
	logger       *slog.Logger
	currency     string
	issuer       access.IssuerURL
	dependencies Dependencies
	ready        func() bool
	stock        *stockCopy
	soldOut      *soldOutShare
	jwks         lastJwks
}

var _ api.StrictServerInterface = (*Handler)(nil)

// Options are a handler's other dependencies.
type Options struct {
	Dependencies Dependencies
	// Ready reports whether the process is ready for requests.
	Ready func() bool
	// Currency is the shop's currency, an ISO 4217 code.
	Currency string
	// Issuer names the shop to OAuth clients; empty if it has no name.
	Issuer access.IssuerURL
	// Stock records for which SKUs the availability has changed. If it is nil, inventory is asked each time.
	Stock  *feed.Changes
	Logger *slog.Logger
}

// New returns a handler that calls services.
func New(services Services, options Options) *Handler {
	return &Handler{
		Services: services, dependencies: options.Dependencies, ready: options.Ready, currency: options.Currency, issuer: options.Issuer,
		stock: newStockCopy(options.Stock), soldOut: &soldOutShare{share: soldOutFirst}, logger: options.Logger,
	}
}

func moneyView(m *moneyv1.Money) api.Money {
	return api.Money{Amount: m.GetAmount(), Currency: m.GetCurrency()}
}

func moneyProto(m api.Money) *moneyv1.Money {
	return &moneyv1.Money{Amount: m.Amount, Currency: m.Currency}
}

// value returns *p, or the zero value if p is nil.
func value[T any](p *T) T {
	var zero T
	if p == nil {
		return zero
	}
	return *p
}

// views converts a list of answers to views. It never returns nil, so that the JSON is [] and not null.
func views[From, To any](from []From, view func(From) To) []To {
	to := make([]To, len(from))
	for i, f := range from {
		to[i] = view(f)
	}
	return to
}

// optional returns nil for an empty string or 0, so that it is omitted from the JSON.
func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}
