package handler

import (
	"context"

	catalogv1 "souk/proto/gen/souk/catalog/v1"
	inventoryv1 "souk/proto/gen/souk/inventory/v1"

	"souk/gateway/internal/api"
	"souk/gateway/internal/edge"
)

// GetStock returns the level of a SKU. For a SKU on sale or of a draft that was never stocked, all numbers are zero.
func (h *Handler) GetStock(ctx context.Context, req api.GetStockRequestObject) (api.GetStockResponseObject, error) {
	answer, err := h.Inventory.GetLevels(ctx, &inventoryv1.GetLevelsRequest{Skus: []string{req.Sku}})
	if err != nil {
		return nil, err
	}
	if found := answer.GetLevels(); len(found) == 1 {
		return api.GetStock200JSONResponse(levelView(found[0])), nil
	}
	if planned, err := h.isSoldOrPlanned(ctx, req.Sku); err != nil {
		return nil, err
	} else if !planned {
		return nil, edge.NotFound("There is no such SKU.")
	}
	return api.GetStock200JSONResponse{Sku: req.Sku}, nil
}

// AdjustStock adds to or takes from the stock of a SKU.
func (h *Handler) AdjustStock(ctx context.Context, req api.AdjustStockRequestObject) (api.AdjustStockResponseObject, error) {
	if err := h.mustKnow(ctx, req.Sku); err != nil {
		return nil, err
	}
	defer h.stock.changes.Note(req.Sku)
	answer, err := h.Inventory.AdjustStock(ctx, &inventoryv1.AdjustStockRequest{
		Sku: req.Sku, Delta: req.Body.Delta, Reason: req.Body.Reason,
	})
	if err != nil {
		return nil, err
	}
	return api.AdjustStock201JSONResponse(levelView(answer.GetLevel())), nil
}

// mustKnow returns a 404 for a SKU that is neither on sale nor of a draft and was never stocked. A withdrawn SKU with stock is
// accepted, because its stock is still in the warehouse, and so that a repeated adjustment gets its first answer.
func (h *Handler) mustKnow(ctx context.Context, sku string) error {
	planned, err := h.isSoldOrPlanned(ctx, sku)
	if err != nil || planned {
		return err
	}
	answer, err := h.Inventory.GetLevels(ctx, &inventoryv1.GetLevelsRequest{Skus: []string{sku}})
	if err == nil && len(answer.GetLevels()) == 0 {
		return edge.NotFound("There is no such SKU.")
	}
	return err
}

// isSoldOrPlanned reports whether a SKU is on sale, or of a product that only staff see before it is on sale.
func (h *Handler) isSoldOrPlanned(ctx context.Context, sku string) (bool, error) {
	answer, err := h.Catalog.GetVariants(ctx, &catalogv1.GetVariantsRequest{Skus: []string{sku}})
	return len(answer.GetVariants())+len(answer.GetHidden()) > 0, err
}

// mustSell returns a 404 unless catalog sells the SKU.
func (h *Handler) mustSell(ctx context.Context, sku string) error {
	sold, _, err := h.variants(ctx, []string{sku})
	if err != nil {
		return err
	}
	if sold[sku] == nil {
		return edge.NotFound("There is no such SKU.")
	}
	return nil
}

// variants returns the variants with these SKUs, by SKU: those on sale, and the withdrawn ones.
func (h *Handler) variants(ctx context.Context, skus []string) (sold, withdrawn map[string]*catalogv1.SoldVariant, err error) {
	if len(skus) == 0 {
		return nil, nil, nil
	}
	answer, err := h.Catalog.GetVariants(ctx, &catalogv1.GetVariantsRequest{Skus: skus})
	if err != nil {
		return nil, nil, err
	}
	return bySKU(answer.GetVariants()), bySKU(answer.GetWithdrawn()), nil
}

func bySKU(variants []*catalogv1.SoldVariant) map[string]*catalogv1.SoldVariant {
	found := make(map[string]*catalogv1.SoldVariant, len(variants))
	for _, v := range variants {
		found[v.GetVariant().GetSku()] = v
	}
	return found
}

func levelView(l *inventoryv1.Level) api.StockLevel {
	return api.StockLevel{Sku: l.GetSku(), OnHand: l.GetOnHand(), Reserved: l.GetReserved(), Available: l.GetAvailable()}
}
