package handler

import (
	"context"

	cartsv1 "souk/proto/gen/souk/carts/v1"

	"souk/gateway/internal/api"
)

// CreateCart creates a guest cart, or returns the caller's own cart.
func (h *Handler) CreateCart(ctx context.Context, _ api.CreateCartRequestObject) (api.CreateCartResponseObject, error) {
	answer, err := h.Carts.CreateCart(ctx, &cartsv1.CreateCartRequest{})
	if err != nil {
		return nil, err
	}
	view, err := h.cartView(ctx, answer.GetCart())
	if err != nil {
		return nil, err
	}
	location := "/v1/carts/" + view.Id
	return api.CreateCart201JSONResponse{Body: view, Headers: api.CreateCart201ResponseHeaders{Location: location}}, nil
}

// GetCart returns a cart at today's prices.
func (h *Handler) GetCart(ctx context.Context, req api.GetCartRequestObject) (api.GetCartResponseObject, error) {
	answer, err := h.Carts.GetCart(ctx, &cartsv1.GetCartRequest{Id: req.Id})
	if err != nil {
		return nil, err
	}
	view, err := h.cartView(ctx, answer.GetCart())
	return api.GetCart200JSONResponse{Body: view}, err
}

// GetCurrentCart returns the caller's open cart at today's prices.
func (h *Handler) GetCurrentCart(ctx context.Context, _ api.GetCurrentCartRequestObject) (api.GetCurrentCartResponseObject, error) {
	answer, err := h.Carts.GetCurrentCart(ctx, &cartsv1.GetCurrentCartRequest{})
	if err != nil {
		return nil, err
	}
	view, err := h.cartView(ctx, answer.GetCart())
	return api.GetCurrentCart200JSONResponse{Body: view}, err
}

// SetCartItem puts a SKU that is on sale into a cart.
func (h *Handler) SetCartItem(ctx context.Context, req api.SetCartItemRequestObject) (api.SetCartItemResponseObject, error) {
	if err := h.mustSell(ctx, req.Sku); err != nil {
		return nil, err
	}
	answer, err := h.Carts.SetItem(ctx, &cartsv1.SetItemRequest{CartId: req.Id, Sku: req.Sku, Quantity: req.Body.Quantity})
	if err != nil {
		return nil, err
	}
	view, err := h.cartView(ctx, answer.GetCart())
	return api.SetCartItem200JSONResponse(view), err
}

// RemoveCartItem removes a SKU from a cart.
func (h *Handler) RemoveCartItem(ctx context.Context, req api.RemoveCartItemRequestObject) (api.RemoveCartItemResponseObject, error) {
	answer, err := h.Carts.RemoveItem(ctx, &cartsv1.RemoveItemRequest{CartId: req.Id, Sku: req.Sku})
	if err != nil {
		return nil, err
	}
	view, err := h.cartView(ctx, answer.GetCart())
	return api.RemoveCartItem200JSONResponse{Body: view}, err
}

// ClaimCart makes a guest cart the caller's.
func (h *Handler) ClaimCart(ctx context.Context, req api.ClaimCartRequestObject) (api.ClaimCartResponseObject, error) {
	answer, err := h.Carts.ClaimCart(ctx, &cartsv1.ClaimCartRequest{Id: req.Id})
	if err != nil {
		return nil, err
	}
	view, err := h.cartView(ctx, answer.GetCart())
	return api.ClaimCart200JSONResponse{Body: view}, err
}
