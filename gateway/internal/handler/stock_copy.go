package handler

import (
	"github.com/maypok86/otter/v2"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/gateway/internal/feed"
)

// mostLevels is the number of SKUs in the cache of levels.
const mostLevels = 100_000

// stockCopy caches levels from inventory. Inventory reports when the stock of a SKU passes certain limits. So a cached level is
// reliable for the availability that shoppers see, but the exact number may be outdated.
type stockCopy struct {
	changes *feed.Changes
	levels  *otter.Cache[string, copiedLevel]
}

// copiedLevel is the number of available pieces of a SKU at a moment.
type copiedLevel struct {
	available int64
	moment    feed.Moment
}

func newStockCopy(changes *feed.Changes) *stockCopy {
	return &stockCopy{changes: changes, levels: otter.Must(&otter.Options[string, copiedLevel]{MaximumSize: mostLevels})}
}

// wanted is a SKU and the number of pieces wanted.
type wanted struct {
	sku      string
	quantity int64
}

// of returns the cached level of a SKU. ok says that it decides whether the wanted number of pieces is available.
func (c *stockCopy) of(w wanted) (available int64, ok bool) {
	found, ok := c.levels.GetIfPresent(w.sku)
	if !ok || !c.changes.Holds(found.moment, w.sku) {
		return 0, false
	}
	return found.available, found.available <= 0 || w.quantity <= c.changes.Floor(found.available)
}

// keep caches the levels of SKUs that inventory answered. moment is the moment of the request.
func (c *stockCopy) keep(moment feed.Moment, skus []string, answered levels) {
	if moment == (feed.Moment{}) {
		return // the entries would never be valid
	}
	for _, sku := range skus {
		c.levels.Set(sku, copiedLevel{available: answered[sku], moment: moment})
	}
}

// noteSold records that an order has changed the stock of its SKUs, so that the customer who placed or canceled it sees that at
// once.
func (h *Handler) noteSold(order *ordersv1.Order) {
	if lines := order.GetLines(); len(lines) > 0 {
		h.stock.changes.Note(views(lines, (*ordersv1.Line).GetSku)...)
	}
}
