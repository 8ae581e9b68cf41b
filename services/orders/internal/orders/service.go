// Package orders is responsible for checkout and for what becomes of an order afterwards: the use cases of an order, and the saga that
// makes many services agree on its outcome. What an order allows is decided in package order.
//
// An order is saved before anything is reserved or charged, together with the time at which it is due. From then on
// anyone may move it on with Service.Advance, any number of times and at once: the request that placed it
// (which is how it normally ends within that request), Service.FinishDue once it is due, or both.
package orders

import (
	"context"
	"log/slog"
	"time"
)

// Peers are the services that orders calls.
type Peers struct {
	Carts     Carts
	Catalog   Catalog
	Customers Customers
	Inventory Inventory
	Payments  Payments
	Shipping  Shipping
}

// Settings are the times that the service goes by.
type Settings struct {
	// Inline is how long a request works on its order before it leaves the rest to FinishDue.
	Inline time.Duration
	// Hold is how long stock is held for an order that is not paid yet.
	Hold time.Duration
}

// DueAfter is how long after it has come to have work an order is due: so long that the request that gave it the work has given
// up, if it still runs at all.
func (s Settings) DueAfter() time.Duration { return s.Inline + 2*time.Second }

// Service is the shop's checkout.
type Service struct {
	store    Store
	peers    Peers
	settings Settings
	logger   *slog.Logger
	watch    *watch
	orphans  chan string
}

// New returns the service.
func New(store Store, peers Peers, settings Settings, logger *slog.Logger) *Service {
	return &Service{store: store, peers: peers, settings: settings, logger: logger, watch: newWatch(), orphans: make(chan string, mostOrphans)}
}

// inline returns the context in which a request works on a saved order: it ends with the caller's, and early enough to still
// answer the caller in time.
func (s *Service) inline(ctx context.Context) (context.Context, context.CancelFunc) {
	budget := s.settings.Inline
	if deadline, ok := ctx.Deadline(); ok {
		budget = min(budget, time.Until(deadline)-answerTime)
	}
	return context.WithTimeout(ctx, budget)
}

// answerTime is what is kept back from a caller's deadline to save and send the answer.
const answerTime = 500 * time.Millisecond
