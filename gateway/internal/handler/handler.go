// Package handler is responsible for the operations of the REST contract: it asks the services, composes
// their answers, and returns their errors for the edge to turn into problems.
package handler

import (
	"log/slog"

	accessv1 "souk/proto/gen/souk/access/v1"
	cartsv1 "souk/proto/gen/souk/carts/v1"
	catalogv1 "souk/proto/gen/souk/catalog/v1"
	customersv1 "souk/proto/gen/souk/customers/v1"
	inventoryv1 "souk/proto/gen/souk/inventory/v1"
	moneyv1 "souk/proto/gen/souk/money/v1"
	ordersv1 "souk/proto/gen/souk/orders/v1"
	paymentsv1 "souk/proto/gen/souk/payments/v1"
	shippingv1 "souk/proto/gen/souk/shipping/v1"

	"souk/gateway/internal/api"
	"souk/gateway/internal/feed"
)

// Services are the services that the gateway asks.
type Services struct {
	Catalog   catalogv1.CatalogServiceClient
	Customers customersv1.CustomersServiceClient
	Keys      accessv1.KeysServiceClient
	Carts     cartsv1.CartsServiceClient
	Orders    ordersv1.OrdersServiceClient
	Payments  paymentsv1.PaymentsServiceClient
	Inventory inventoryv1.InventoryServiceClient
	Shipping  shippingv1.ShippingServiceClient
}

// Handler implements every operation of the contract.
type Handler struct {
	Services
	logger       *slog.Logger
	currency     string
	dependencies Dependencies
	ready        func() bool
	stock        *stockCopy
	jwks         lastJwks
}

var _ api.StrictServerInterface = (*Handler)(nil)

// Options are what a handler works with, beside the services.
type Options struct {
	Dependencies Dependencies
	// Ready reports whether the process is to be given requests.
	Ready func() bool
	// Currency is what the shop sells in, ISO 4217.
	Currency string
	// Stock knows of which SKUs the availability has changed; nil has inventory asked each time.
	Stock  *feed.Changes
	Logger *slog.Logger
}

// New returns a handler that asks services.
func New(services Services, options Options) *Handler {
	return &Handler{
		Services: services, dependencies: options.Dependencies, ready: options.Ready, currency: options.Currency,
		stock: newStockCopy(options.Stock), logger: options.Logger,
	}
}

func moneyView(m *moneyv1.Money) api.Money {
	return api.Money{Amount: m.GetAmount(), Currency: m.GetCurrency()}
}

func moneyProto(m api.Money) *moneyv1.Money {
	return &moneyv1.Money{Amount: m.Amount, Currency: m.Currency}
}

// value returns what p points to, or the zero value.
func value[T any](p *T) T {
	var zero T
	if p == nil {
		return zero
	}
	return *p
}

// views turns a list of answers into views; never nil, so that JSON has [] and not null.
func views[From, To any](from []From, view func(From) To) []To {
	to := make([]To, len(from))
	for i, f := range from {
		to[i] = view(f)
	}
	return to
}

// optional returns nil for an empty string, which leaves it out of the JSON.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
