package handler

import (
	"github.com/maypok86/otter/v2"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/gateway/internal/feed"
)

// mostLevels is how many SKUs the copy of inventory's levels has.
const mostLevels = 100_000

// stockCopy has the levels that inventory answered. Inventory tells when a SKU comes to have none left, a few, or more than that, so
// a level is good for what shoppers are shown of it, and not to the piece.
type stockCopy struct {
	changes *feed.Changes
	levels  *otter.Cache[string, copiedLevel]
}

// copiedLevel is how many pieces of a SKU were available at a moment.
type copiedLevel struct {
	available int64
	moment    feed.Moment
}

func newStockCopy(changes *feed.Changes) *stockCopy {
	return &stockCopy{changes: changes, levels: otter.Must(&otter.Options[string, copiedLevel]{MaximumSize: mostLevels})}
}

// wanted is how many pieces of a SKU somebody would have.
type wanted struct {
	sku      string
	quantity int64
}

// of returns the level of a SKU if it tells, without a doubt, whether so many pieces can be had.
func (c *stockCopy) of(w wanted) (available int64, ok bool) {
	found, ok := c.levels.GetIfPresent(w.sku)
	if !ok || !c.changes.Holds(found.moment, w.sku) {
		return 0, false
	}
	switch {
	case found.available <= 0:
		return 0, true
	case found.available <= lowStock:
		return found.available, w.quantity == 1
	default:
		return found.available, w.quantity <= lowStock+1
	}
}

// keep keeps what inventory answered about SKUs to a question that was asked at a moment.
func (c *stockCopy) keep(moment feed.Moment, skus []string, answered levels) {
	if moment == (feed.Moment{}) {
		return // nothing of it would ever hold
	}
	for _, sku := range skus {
		c.levels.Set(sku, copiedLevel{available: answered[sku], moment: moment})
	}
}

// noteSold notes that an order has changed the stock of what it sells, so that who placed or cancelled it sees that at once.
func (h *Handler) noteSold(order *ordersv1.Order) {
	if lines := order.GetLines(); len(lines) > 0 {
		h.stock.changes.Note(views(lines, (*ordersv1.Line).GetSku)...)
	}
}
