package handler

import (
	"context"

	gadgetsv1 "souk/proto/gen/souk/gadgets/v1"

	"souk/gateway/internal/api"
)

// CreateGadget makes a gadget of the caller's.
func (h *Handler) CreateGadget(ctx context.Context, req api.CreateGadgetRequestObject) (api.CreateGadgetResponseObject, error) {
	answer, err := h.Gadgets.CreateGadget(ctx, &gadgetsv1.CreateGadgetRequest{Title: req.Body.Title})
	if err != nil {
		return nil, err
	}
	return api.CreateGadget201JSONResponse(gadgetView(answer.GetGadget())), nil
}

// GetGadget returns a gadget of the caller's.
func (h *Handler) GetGadget(ctx context.Context, req api.GetGadgetRequestObject) (api.GetGadgetResponseObject, error) {
	answer, err := h.Gadgets.GetGadget(ctx, &gadgetsv1.GetGadgetRequest{Id: req.Id})
	if err != nil {
		return nil, err
	}
	return api.GetGadget200JSONResponse(gadgetView(answer.GetGadget())), nil
}

func gadgetView(g *gadgetsv1.Gadget) api.Gadget {
	return api.Gadget{Id: g.GetId(), Title: g.GetTitle(), CreatedAt: g.GetCreatedAt().AsTime()}
}
