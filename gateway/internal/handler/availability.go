package handler

import (
	"context"
	"slices"
	"time"

	catalogv1 "souk/proto/gen/souk/catalog/v1"
	inventoryv1 "souk/proto/gen/souk/inventory/v1"

	"souk/gateway/internal/api"
	"souk/gateway/internal/degraded"
	"souk/gateway/internal/lastgood"
)

const (
	// How long a page waits for inventory before it shows `unknown`.
	levelsTimeout = time.Second
	// The maximum number of SKUs in one request to inventory.
	levelsBatch = 2000
	// The availability is `low_stock` if no more pieces than this are left.
	lowStock = 5
)

// levels maps SKUs to the number of available pieces; it is nil if inventory did not answer.
type levels map[string]int64

// levels returns the levels for the wanted pieces, from the cache if the request allows that, or from inventory. It returns nil
// if inventory fails, because a page without availability is still useful.
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
			found[sku] = 0 // unless inventory has a level for it
		}
		for _, level := range answer.GetLevels() {
			found[level.GetSku()] = level.GetAvailable()
		}
		h.stock.keep(moment, batch, found)
	}
	return found
}

// alwaysSold reports whether a variant can be bought whatever its level is.
func alwaysSold(v *catalogv1.Variant) bool {
	return v.GetStockRule().GetUntracked() || v.GetStockRule().GetContinueSelling()
}

// of returns the availability of quantity pieces of a variant.
func (l levels) of(v *catalogv1.Variant, quantity int64) api.Availability {
	switch left := l[v.GetSku()]; {
	case alwaysSold(v):
		return api.AvailabilityInStock
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

// problems returns the reasons why quantity pieces of a variant cannot be bought; never nil.
func (l levels) problems(v *catalogv1.Variant, quantity int64) []api.LineProblem {
	switch left := l[v.GetSku()]; {
	case alwaysSold(v), l == nil, left >= quantity:
		return []api.LineProblem{}
	case left <= 0:
		return []api.LineProblem{{Code: api.LineProblemCodeOutOfStock}}
	default:
		return []api.LineProblem{{Code: api.LineProblemCodeNotEnough, Available: &left}}
	}
}
