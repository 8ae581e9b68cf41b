package handler

import (
	"context"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"souk/gateway/internal/api"
	"souk/gateway/internal/edge"
)

const readyTimeout = time.Second

// Readiness holds a connection to each service of the shop, by name.
type Readiness map[string]grpc.ClientConnInterface

// GetHealth says that the process is alive.
func (h *Handler) GetHealth(context.Context, api.GetHealthRequestObject) (api.GetHealthResponseObject, error) {
	return api.GetHealth200JSONResponse{Status: "ok"}, nil
}

// GetReadiness says whether every service serves, or which do not.
func (h *Handler) GetReadiness(ctx context.Context, _ api.GetReadinessRequestObject) (api.GetReadinessResponseObject, error) {
	if away := h.readiness.away(ctx); len(away) > 0 {
		return nil, edge.Unavailable("Away: " + strings.Join(away, ", ") + ".")
	}
	return api.GetReadiness200JSONResponse{Status: "ok"}, nil
}

// away returns the names of the services that do not serve.
func (r Readiness) away(ctx context.Context) []string {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	down := make(chan string, len(r))
	var group errgroup.Group
	for name, conn := range r {
		group.Go(func() error {
			answer, err := healthv1.NewHealthClient(conn).Check(ctx, &healthv1.HealthCheckRequest{})
			if err != nil || answer.GetStatus() != healthv1.HealthCheckResponse_SERVING {
				down <- name
			}
			return nil
		})
	}
	_ = group.Wait() // none of them fails
	close(down)
	var names []string
	for name := range down {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
