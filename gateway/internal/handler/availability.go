package handler

import (
	"context"
	"slices"
	"time"

	inventoryv1 "souk/proto/gen/souk/inventory/v1"

	"souk/gateway/internal/api"
	"souk/gateway/internal/degraded"
	"souk/gateway/internal/lastgood"
)

const (
	// How long a page waits for inventory before it says `unknown`.
	levelsTimeout = time.Second
	// The most SKUs that inventory is asked about at once.
	levelsBatch = 2000
	// At most this many left is `low_stock`.
	lowStock = 5
)

// levels are the pieces available by SKU; nil when inventory could not be asked.
type levels map[string]int64

// levels returns what can be had of the pieces that are wanted: from the copy, where the request allows that, or from inventory. A page
// without it is still a page.
func (h *Handler) levels(ctx context.Context, pieces []wanted) levels {
	found, mayCopy := levels{}, lastgood.MayCopy(ctx)
	var unknown []string
	for _, w := range pieces {
		if mayCopy {
			if available, ok := h.stock.of(w); ok {
				found[w.sku] = available
				continue
			}
		}
		unknown = append(unknown, w.sku)
	}
	ctx, cancel := context.WithTimeout(ctx, levelsTimeout)
	defer cancel()
	for batch := range slices.Chunk(unknown, levelsBatch) {
		moment := h.stock.changes.Now()
		answer, err := h.Inventory.GetLevels(ctx, &inventoryv1.GetLevelsRequest{Skus: batch})
		if err != nil {
			degraded.Availability.Report(ctx, h.logger, err)
			return nil
		}
		for _, sku := range batch {
			found[sku] = 0 // unless it has a level
		}
		for _, level := range answer.GetLevels() {
			found[level.GetSku()] = level.GetAvailable()
		}
		h.stock.keep(moment, batch, found)
	}
	return found
}

// of says whether quantity pieces of a SKU can be had.
func (l levels) of(sku string, quantity int64) api.Availability {
	switch left := l[sku]; {
	case l == nil:
		return api.AvailabilityUnknown
	case left < quantity || left <= 0:
		return api.AvailabilityOutOfStock
	case left <= lowStock:
		return api.AvailabilityLowStock
	default:
		return api.AvailabilityInStock
	}
}

// problems says why quantity pieces of a SKU cannot be had; never nil.
func (l levels) problems(sku string, quantity int64) []api.LineProblem {
	switch left := l[sku]; {
	case l == nil, left >= quantity:
		return []api.LineProblem{}
	case left <= 0:
		return []api.LineProblem{{Code: api.LineProblemCodeOutOfStock}}
	default:
		return []api.LineProblem{{Code: api.LineProblemCodeNotEnough, Available: &left}}
	}
}
