package handler

import (
	"context"

	cartsv1 "souk/proto/gen/souk/carts/v1"
	catalogv1 "souk/proto/gen/souk/catalog/v1"

	"souk/gateway/internal/api"
)

// goods is a line of a cart with its data from catalog and inventory.
type goods struct {
	line *cartsv1.Line
	// sold is nil if the variant is no longer on sale.
	sold *catalogv1.SoldVariant
	// known is the variant in catalog, on sale or withdrawn; nil if there is none.
	known        *catalogv1.SoldVariant
	availability api.Availability
	// problems are the reasons why the line cannot be bought as it is. While inventory does not answer, there are no problems
	// about stock.
	problems []api.LineProblem
}

// goods gets the data for the lines of a cart from catalog and inventory.
func (h *Handler) goods(ctx context.Context, cart *cartsv1.Cart) ([]goods, error) {
	skus := views(cart.GetLines(), (*cartsv1.Line).GetSku)
	sold, withdrawn, err := h.variants(ctx, skus)
	if err != nil {
		return nil, err
	}
	levels := h.levels(ctx, views(cart.GetLines(), func(l *cartsv1.Line) wanted { return wanted{l.GetSku(), l.GetQuantity()} }))
	return views(cart.GetLines(), func(line *cartsv1.Line) goods {
		g := goods{line: line, sold: sold[line.GetSku()], known: sold[line.GetSku()]}
		g.availability = levels.of(g.sold.GetVariant(), line.GetQuantity())
		g.problems = levels.problems(g.sold.GetVariant(), line.GetQuantity())
		if g.sold == nil {
			g.known = withdrawn[line.GetSku()]
			g.availability, g.problems = api.AvailabilityOutOfStock, []api.LineProblem{{Code: api.LineProblemCodeWithdrawn}}
		}
		return g
	}), nil
}

// title returns the title of the product, followed by the title of the variant if it has one.
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
