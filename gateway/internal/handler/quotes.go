package handler

import (
	"context"
	"net/http"
	"strings"

	cartsv1 "souk/proto/gen/souk/carts/v1"
	shippingv1 "souk/proto/gen/souk/shipping/v1"

	"souk/gateway/internal/api"
	"souk/gateway/internal/edge"
	"souk/platform/rpc"
)

// QuoteShipping returns the shipping options for a cart and a destination.
func (h *Handler) QuoteShipping(ctx context.Context, req api.QuoteShippingRequestObject) (api.QuoteShippingResponseObject, error) {
	cart, err := h.Carts.GetCart(ctx, &cartsv1.GetCartRequest{Id: req.Body.CartId})
	if err != nil {
		return nil, err
	}
	if len(cart.GetCart().GetLines()) == 0 {
		return nil, edge.NewProblem(http.StatusConflict, api.ProblemCodeCartEmpty, "The cart is empty.")
	}
	lines, err := h.goods(ctx, cart.GetCart())
	if err != nil {
		return nil, err
	}
	options, err := h.options(ctx, req.Body.Address, weigh(lines))
	if err != nil {
		return nil, err
	}
	return api.QuoteShipping200JSONResponse{Options: options, Problems: quoteProblems(lines)}, nil
}

// options returns the shipping options for a weight and a destination.
func (h *Handler) options(ctx context.Context, to api.Destination, grams int64) ([]api.ShippingOption, error) {
	answer, err := h.Shipping.Quote(ctx, &shippingv1.QuoteRequest{
		Destination: &shippingv1.Destination{Country: to.Country, PostalCode: value(to.PostalCode)},
		WeightGrams: grams, Currency: h.currency,
	})
	if err != nil {
		return nil, inAddress(err)
	}
	return views(answer.GetOptions(), func(o *shippingv1.Option) api.ShippingOption {
		return api.ShippingOption{
			Id: o.GetId(), Carrier: o.GetCarrier(), Service: o.GetService(), Price: moneyView(o.GetPrice()),
			MinDays: o.GetMinDays(), MaxDays: o.GetMaxDays(),
		}
	}), nil
}

// inAddress renames the fields of shipping's errors to those of the REST contract: destination.country becomes address.country.
func inAddress(err error) error {
	violations := rpc.Violations(err)
	if len(violations) == 0 {
		return err
	}
	for i, v := range violations {
		violations[i].Field = strings.Replace(v.Field, "destination.", "address.", 1)
	}
	return edge.InvalidFields(violations...)
}

// weigh returns the weight of the lines that can be bought, in grams. If none can, it returns the weight of all lines, so that
// a shopper still sees whether the shop ships to the address.
func weigh(lines []goods) int64 {
	var bought, all int64
	some := false
	for _, g := range lines {
		// This cannot overflow: 2,000 lines of 100,000 pieces of 1,000 kg are far below 2⁶³ grams.
		grams := g.line.GetQuantity() * g.sold.GetVariant().GetWeightGrams()
		all += grams
		if len(g.problems) == 0 {
			bought, some = bought+grams, true
		}
	}
	if !some {
		return all
	}
	return bought
}

// quoteProblems returns the lines that cannot be bought.
func quoteProblems(lines []goods) []api.QuoteProblem {
	problems := []api.QuoteProblem{}
	for _, g := range lines {
		for _, p := range g.problems {
			problems = append(problems, api.QuoteProblem{Sku: g.line.GetSku(), Code: p.Code, Available: p.Available})
		}
	}
	return problems
}
