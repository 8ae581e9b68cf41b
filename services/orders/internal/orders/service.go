// Package orders is responsible for everything that can be asked of orders, put together from the packages that do it: checkout,
// aftersales, parcels, settlement, events and mend, with the saga that moves orders on. What it does itself is finding, listing and erasing.
//
//	orders -> checkout, aftersales -> saga -> order
//	checkout, aftersales -> settlement -> order
//	orders -> parcels, settlement -> feed -> order
//	orders -> events -> order
//	orders -> mend -> checkout, aftersales
package orders

import (
	"context"
	"log/slog"
	"maps"
	"time"

	"souk/services/orders/internal/aftersales"
	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/events"
	"souk/services/orders/internal/guest"
	"souk/services/orders/internal/mend"
	"souk/services/orders/internal/outbox"
	"souk/services/orders/internal/parcels"
	"souk/services/orders/internal/saga"
	"souk/services/orders/internal/settlement"
)

// Store keeps orders. Each method that writes is one transaction.
type Store interface {
	checkout.Store
	aftersales.Store
	saga.Store
	parcels.Store
	settlement.Store
	events.Store
	// EraseCustomer erases a customer from all their orders, or returns ErrOrdersOpen. An order that the customer places at the same
	// time is either found open, or refused.
	EraseCustomer(ctx context.Context, customerID string) error
}

// Peers are the services that orders calls.
type Peers struct {
	Carts     checkout.Carts
	Catalog   checkout.Catalog
	Customers Customers
	Inventory Inventory
	Payments  Payments
	Shipping  Shipping
}

// The peers that several packages call.
type (
	// Customers is customers, as checkout, guest and outbox call it.
	Customers interface {
		checkout.Customers
		guest.Customers
		outbox.Customers
	}
	// Inventory is inventory, as checkout, aftersales and mend call it.
	Inventory interface {
		checkout.Inventory
		mend.Inventory
	}
	// Payments is payments, as checkout, aftersales, settlement and mend call it.
	Payments interface {
		checkout.Payments
		mend.Payments
	}
	// Shipping is shipping, as checkout, aftersales, parcels and mend call it.
	Shipping interface {
		checkout.Shipping
		mend.Shipping
		parcels.Shipping
	}
)

// Settings are the times that the service goes by.
type Settings struct {
	// Inline is how long a request works on its order before it leaves the rest to FinishDue.
	Inline time.Duration
	// Hold is how long stock is held for an order that is not paid yet.
	Hold time.Duration
}

// DueAfter is how long after it has come to have work an order is due: so long that the request that began the work has given up, if it
// still runs at all.
func (s Settings) DueAfter() time.Duration { return s.Inline + 2*time.Second }

type (
	parcelFollower  = parcels.Follower
	paymentFollower = settlement.Follower
)

// Service is everything that can be asked of orders.
type Service struct {
	*checkout.Checkout
	*aftersales.AfterSales
	*parcelFollower
	*paymentFollower
	*events.Events
	*saga.Saga
	*mend.Mender
	store Store
}

// New returns the service.
func New(store Store, peers Peers, settings Settings, logger *slog.Logger) *Service {
	buying := checkout.Peers{
		Carts: peers.Carts, Catalog: peers.Catalog, Customers: peers.Customers,
		Inventory: peers.Inventory, Payments: peers.Payments, Shipping: peers.Shipping,
	}
	selling := aftersales.Peers{Inventory: peers.Inventory, Payments: peers.Payments, Shipping: peers.Shipping}
	steps := checkout.Steps(store, buying, logger)
	maps.Copy(steps, aftersales.Steps(store, selling, logger))
	runs := saga.New(store, steps, settings.Inline, logger)
	mending := mend.Peers{Carts: peers.Carts, Inventory: peers.Inventory, Payments: peers.Payments, Shipping: peers.Shipping}
	return &Service{
		Checkout:        checkout.New(store, buying, runs, settings.Hold, logger),
		AfterSales:      aftersales.New(store, runs, logger),
		parcelFollower:  parcels.New(store, peers.Shipping, logger),
		paymentFollower: settlement.NewFollower(store, peers.Payments, logger),
		Events:          events.New(store, logger),
		Saga:            runs,
		Mender:          mend.New(store, mending, runs, settlement.New(store, peers.Payments, logger)),
		store:           store,
	}
}
