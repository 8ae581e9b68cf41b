package handler

import (
	"context"

	"souk/gateway/internal/api"
	"souk/gateway/internal/edge"
)

// GetHealth reports that the process is alive.
func (h *Handler) GetHealth(context.Context, api.GetHealthRequestObject) (api.GetHealthResponseObject, error) {
	return api.GetHealth200JSONResponse{Status: "ok"}, nil
}

// GetReadiness tells a load balancer whether to send requests to this process. It does not depend on the services, because a
// service that is down is down for every gateway, and each can still answer the other requests.
func (h *Handler) GetReadiness(context.Context, api.GetReadinessRequestObject) (api.GetReadinessResponseObject, error) {
	if !h.ready() {
		return nil, edge.Unavailable("This process is starting or stopping.")
	}
	return api.GetReadiness200JSONResponse{Status: "ok"}, nil
}
