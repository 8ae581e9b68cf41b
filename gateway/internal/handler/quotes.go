package handler

import (
	"context"
	"net/http"

	cartsv1 "souk/proto/gen/souk/carts/v1"
	shippingv1 "souk/proto/gen/souk/shipping/v1"

	"souk/gateway/internal/api"
	"souk/gateway/internal/edge"
)

// QuoteShipping says what sending a cart somewhere costs.
func (h *Handler) QuoteShipping(ctx context.Context, req api.QuoteShippingRequestObject) (api.QuoteShippingResponseObject, error) {
	cart, err := h.Carts.GetCart(ctx, &cartsv1.GetCartRequest{Id: req.Body.CartId})
	if err != nil {
		return nil, err
	}
	weight, err := h.weigh(ctx, cart.GetCart())
	if err != nil {
		return nil, err
	}
	answer, err := h.Shipping.Quote(ctx, &shippingv1.QuoteRequest{
		Destination: &shippingv1.Destination{Country: req.Body.Address.Country, PostalCode: value(req.Body.Address.PostalCode)},
		WeightGrams: weight, Currency: h.currency,
	})
	if err != nil {
		return nil, err
	}
	return api.QuoteShipping200JSONResponse{Options: views(answer.GetOptions(), func(o *shippingv1.Option) api.ShippingOption {
		return api.ShippingOption{
			Id: o.GetId(), Carrier: o.GetCarrier(), Service: o.GetService(), Price: moneyView(o.GetPrice()),
			MinDays: o.GetMinDays(), MaxDays: o.GetMaxDays(),
		}
	})}, nil
}

// weigh returns what a cart weighs, in grams.
func (h *Handler) weigh(ctx context.Context, cart *cartsv1.Cart) (int64, error) {
	if len(cart.GetLines()) == 0 {
		return 0, edge.NewProblem(http.StatusConflict, api.ProblemCodeCartEmpty, "The cart is empty.")
	}
	variants, err := h.variants(ctx, views(cart.GetLines(), (*cartsv1.Line).GetSku))
	if err != nil {
		return 0, err
	}
	var grams int64
	for _, line := range cart.GetLines() {
		// 2,000 lines of 100,000 pieces of 1,000 kg stay far below 2⁶³ grams.
		grams += line.GetQuantity() * variants[line.GetSku()].GetVariant().GetWeightGrams()
	}
	return grams, nil
}
