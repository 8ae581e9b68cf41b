package handler

import (
	"context"

	cartsv1 "souk/proto/gen/souk/carts/v1"
	catalogv1 "souk/proto/gen/souk/catalog/v1"

	"souk/gateway/internal/api"
)

// goods are a line of a cart with what catalog and inventory say of it.
type goods struct {
	line *cartsv1.Line
	// sold is nil for what is no longer sold.
	sold *catalogv1.SoldVariant
	// known is what catalog has of the line: sold, or what was withdrawn; nil for nothing.
	known        *catalogv1.SoldVariant
	availability api.Availability
	// problems are why the line cannot be bought as it is: none when it can, nor of stock while inventory cannot be asked.
	problems []api.LineProblem
}

// goods asks catalog and inventory about the lines of a cart.
func (h *Handler) goods(ctx context.Context, cart *cartsv1.Cart) ([]goods, error) {
	skus := views(cart.GetLines(), (*cartsv1.Line).GetSku)
	sold, withdrawn, err := h.variants(ctx, skus)
	if err != nil {
		return nil, err
	}
	levels := h.levels(ctx, views(cart.GetLines(), func(l *cartsv1.Line) wanted { return wanted{l.GetSku(), l.GetQuantity()} }))
	return views(cart.GetLines(), func(line *cartsv1.Line) goods {
		g := goods{
			line: line, sold: sold[line.GetSku()], known: sold[line.GetSku()],
			availability: levels.of(line.GetSku(), line.GetQuantity()), problems: levels.problems(line.GetSku(), line.GetQuantity()),
		}
		if g.sold == nil {
			g.known = withdrawn[line.GetSku()]
			g.availability, g.problems = api.AvailabilityOutOfStock, []api.LineProblem{{Code: api.LineProblemCodeWithdrawn}}
		}
		return g
	}), nil
}

// title names a variant by its product and, where the product has several, itself.
func (g goods) title() string {
	switch title := g.known.GetVariant().GetTitle(); {
	case g.known == nil:
		return g.line.GetSku()
	case title != "":
		return g.known.GetProductTitle() + " — " + title
	default:
		return g.known.GetProductTitle()
	}
}
