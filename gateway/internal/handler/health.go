package handler

import (
	"context"

	"souk/gateway/internal/api"
	"souk/gateway/internal/edge"
)

// GetHealth says that the process is alive.
func (h *Handler) GetHealth(context.Context, api.GetHealthRequestObject) (api.GetHealthResponseObject, error) {
	return api.GetHealth200JSONResponse{Status: "ok"}, nil
}

// GetReadiness says whether this process is to be given requests, for a load balancer. A service that is away is no reason
// not to be: it is away for every gateway, and each of them can still answer the rest.
func (h *Handler) GetReadiness(context.Context, api.GetReadinessRequestObject) (api.GetReadinessResponseObject, error) {
	if !h.ready() {
		return nil, edge.Unavailable("This process is starting or stopping.")
	}
	return api.GetReadiness200JSONResponse{Status: "ok"}, nil
}
