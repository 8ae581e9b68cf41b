package handler

import (
	"context"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/gateway/internal/api"
)

// RequestOrderLookup has a link to an order mailed to a guest.
func (h *Handler) RequestOrderLookup(ctx context.Context, req api.RequestOrderLookupRequestObject) (api.RequestOrderLookupResponseObject, error) {
	_, err := h.Orders.RequestOrderLookup(ctx, &ordersv1.RequestOrderLookupRequest{Number: req.Body.Number, Email: req.Body.Email})
	if err != nil {
		return nil, err
	}
	return api.RequestOrderLookup202Response{}, nil
}

// RedeemOrderLookup exchanges the token of such a link for an access token.
func (h *Handler) RedeemOrderLookup(ctx context.Context, req api.RedeemOrderLookupRequestObject) (api.RedeemOrderLookupResponseObject, error) {
	answer, err := h.Orders.RedeemOrderLookup(ctx, &ordersv1.RedeemOrderLookupRequest{Token: req.Body.Token})
	if err != nil {
		return nil, err
	}
	return api.RedeemOrderLookup200JSONResponse{
		OrderId: answer.GetOrderId(), AccessToken: answer.GetAccessToken(), TokenType: "Bearer",
		AccessTokenExpiresAt: answer.GetAccessTokenExpiresAt().AsTime(),
	}, nil
}
