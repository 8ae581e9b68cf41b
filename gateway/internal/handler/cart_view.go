package handler

import (
	"context"

	cartsv1 "souk/proto/gen/souk/carts/v1"

	"souk/gateway/internal/api"
	"souk/platform/money"
)

// cartView combines a cart with prices from catalog and levels from inventory. While catalog is down, it shows the last known
// prices; orders asks for current ones before it sells. Without any known prices it returns an error. Without levels the lines
// show `unknown`.
func (h *Handler) cartView(ctx context.Context, cart *cartsv1.Cart) (api.Cart, error) {
	lines, err := h.goods(ctx, cart)
	if err != nil {
		return api.Cart{}, err
	}
	view := api.Cart{Id: cart.GetId(), Lines: make([]api.CartLine, len(lines))}
	subtotal := money.New(0, h.currency)
	for i, line := range lines {
		if view.Lines[i], err = cartLineView(line); err != nil {
			return api.Cart{}, err
		}
		if total := view.Lines[i].LineTotal; total != nil {
			if subtotal, err = subtotal.Add(money.New(total.Amount, total.Currency)); err != nil {
				return api.Cart{}, err
			}
		}
	}
	view.Subtotal = api.Money{Amount: subtotal.Amount, Currency: subtotal.Currency}
	return view, nil
}

// cartLineView returns a line, with its price if it can be bought.
func cartLineView(g goods) (api.CartLine, error) {
	view := api.CartLine{
		Sku: g.line.GetSku(), Title: g.title(), Quantity: g.line.GetQuantity(), Availability: g.availability, Problems: g.problems,
	}
	if g.known != nil {
		options := optionsView(g.known.GetVariant().GetOptions())
		view.ProductId, view.Slug = optional(g.known.GetProductId()), optional(g.known.GetProductSlug())
		view.Image, view.Options = lineImageView(g.known.GetImage()), &options
	}
	if len(g.problems) > 0 {
		return view, nil
	}
	price := g.sold.GetVariant().GetPrice()
	total, err := money.New(price.GetAmount(), price.GetCurrency()).Times(g.line.GetQuantity())
	if err != nil {
		return view, err
	}
	unit := moneyView(price)
	view.UnitPrice, view.LineTotal = &unit, &api.Money{Amount: total.Amount, Currency: total.Currency}
	return view, nil
}

// picture is an image of catalog or orders.
type picture interface {
	comparable
	GetUrl() string
	GetAlt() string
}

// lineImageView returns nil for a line without an image.
func lineImageView[P picture](p P) *api.Image {
	var none P
	if p == none {
		return nil
	}
	return &api.Image{Url: p.GetUrl(), Alt: p.GetAlt()}
}

// option is an option of catalog or orders.
type option interface {
	GetName() string
	GetValue() string
}

func optionsView[O option](options []O) api.Options {
	view := make(api.Options, len(options))
	for _, o := range options {
		view[o.GetName()] = o.GetValue()
	}
	return view
}
