package handler

import (
	"context"
	"net/http"
	"strings"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/gateway/internal/api"
)

// ListSessions returns where the caller is signed in.
func (h *Handler) ListSessions(ctx context.Context, req api.ListSessionsRequestObject) (api.ListSessionsResponseObject, error) {
	answer, err := h.Customers.ListSessions(ctx, &customersv1.ListSessionsRequest{
		Limit: value(req.Params.Limit), Cursor: value(req.Params.Cursor),
	})
	if err != nil {
		return nil, err
	}
	return api.ListSessions200JSONResponse{
		Items: views(answer.GetSessions(), openSessionView), NextCursor: optional(answer.GetNextCursor()),
	}, nil
}

// EndSession signs the caller out at one place.
func (h *Handler) EndSession(ctx context.Context, req api.EndSessionRequestObject) (api.EndSessionResponseObject, error) {
	if _, err := h.Customers.EndSession(ctx, &customersv1.EndSessionRequest{Id: req.Id}); err != nil {
		return nil, err
	}
	return api.EndSession204Response{}, nil
}

func openSessionView(s *customersv1.OpenSession) api.OpenSession {
	return api.OpenSession{
		Id: s.GetId(), CreatedAt: s.GetCreatedAt().AsTime(), LastUsedAt: s.GetLastUsedAt().AsTime(), Device: s.GetDevice(), Current: s.GetCurrent(),
	}
}

type userAgentKey struct{}

// mostUserAgent is how much of a User-Agent is passed on, in bytes.
const mostUserAgent = 1000

// KeepUserAgent is a middleware that keeps the User-Agent of a request for its handler. The contract does not name the header, so that no
// request is refused for it.
func KeepUserAgent(next api.StrictHandlerFunc, operationID string) api.StrictHandlerFunc {
	if operationID != "CreateSession" {
		return next
	}
	return func(ctx context.Context, w http.ResponseWriter, r *http.Request, request any) (any, error) {
		given := r.UserAgent()
		given = strings.ToValidUTF8(given[:min(len(given), mostUserAgent)], "")
		return next(context.WithValue(ctx, userAgentKey{}, given), w, r, request)
	}
}

func userAgent(ctx context.Context) string {
	kept, _ := ctx.Value(userAgentKey{}).(string)
	return kept
}
