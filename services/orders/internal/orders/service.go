// Package orders is responsible for checkout and for what becomes of an order afterwards: the rules, the
// state machine, and the saga that makes many services agree on the outcome.
//
// An order is saved before anything is reserved or charged, together with the time at which it is due. From then on
// anyone may move it on with Service.Advance, any number of times and at once: the request that placed it
// (which is how it normally ends within that request), Service.FinishDue once it is due, or both.
package orders

import (
	"context"
	"log/slog"
	"slices"
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

// now is the time, as exact as PostgreSQL keeps it.
func now() time.Time {
	return time.Now().UTC().Truncate(time.Microsecond)
}

// save saves r with new entries on its timeline.
func (s *Service) save(ctx context.Context, r Record, entries ...TimelineEntry) (Record, error) {
	return s.store.Save(ctx, change(r, entries))
}

// settle saves r as the outcome of its checkout.
func (s *Service) settle(ctx context.Context, r Record, entry TimelineEntry) (Record, error) {
	c := change(r, []TimelineEntry{entry})
	c.Settles = true
	return s.store.Save(ctx, c)
}

func change(r Record, entries []TimelineEntry) Change {
	r.Timeline = append(slices.Clone(r.Timeline), entries...)
	r.ChangedAt = now()
	return Change{Record: r, Entries: entries}
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
