package handler

import (
	"context"

	cartsv1 "souk/proto/gen/souk/carts/v1"
	catalogv1 "souk/proto/gen/souk/catalog/v1"

	"souk/gateway/internal/api"
	"souk/platform/money"
)

// cartView composes a cart with catalog's prices and inventory's levels. While catalog is away the prices are the last
// known ones, and orders asks for new ones before it sells; without any it is no cart. Without levels its lines say
// `unknown`.
func (h *Handler) cartView(ctx context.Context, cart *cartsv1.Cart) (api.Cart, error) {
	skus := views(cart.GetLines(), (*cartsv1.Line).GetSku)
	variants, err := h.variants(ctx, skus)
	if err != nil {
		return api.Cart{}, err
	}
	levels := h.levels(ctx, skus)
	view := api.Cart{Id: cart.GetId(), Lines: make([]api.CartLine, len(skus))}
	subtotal := money.New(0, h.currency)
	for i, line := range cart.GetLines() {
		var total money.Money
		view.Lines[i], total, err = h.cartLineView(line, variants[line.GetSku()], levels)
		if err != nil {
			return api.Cart{}, err
		}
		if subtotal, err = subtotal.Add(total); err != nil {
			return api.Cart{}, err
		}
	}
	view.Subtotal = api.Money{Amount: subtotal.Amount, Currency: subtotal.Currency}
	return view, nil
}

// cartLineView prices a line. A variant that has gone off sale is out of stock and costs nothing.
func (h *Handler) cartLineView(line *cartsv1.Line, sold *catalogv1.SoldVariant, levels levels) (api.CartLine, money.Money, error) {
	view := api.CartLine{Sku: line.GetSku(), Quantity: line.GetQuantity()}
	if sold == nil {
		nothing := money.New(0, h.currency)
		view.Title, view.Availability = line.GetSku(), api.AvailabilityOutOfStock
		view.UnitPrice = api.Money{Currency: h.currency}
		view.LineTotal = view.UnitPrice
		return view, nothing, nil
	}
	price := sold.GetVariant().GetPrice()
	total, err := money.New(price.GetAmount(), price.GetCurrency()).Times(line.GetQuantity())
	if err != nil {
		return view, total, err
	}
	view.Title = lineTitle(sold)
	view.UnitPrice = moneyView(price)
	view.LineTotal = api.Money{Amount: total.Amount, Currency: total.Currency}
	view.Availability = levels.of(line.GetSku(), line.GetQuantity())
	return view, total, nil
}

// lineTitle names a variant by its product and, where the product has several, itself.
func lineTitle(sold *catalogv1.SoldVariant) string {
	if title := sold.GetVariant().GetTitle(); title != "" {
		return sold.GetProductTitle() + " — " + title
	}
	return sold.GetProductTitle()
}
