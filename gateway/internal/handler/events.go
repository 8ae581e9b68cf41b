package handler

import (
	"context"
	"net/http"
	"strconv"

	"souk/gateway/internal/api"
	"souk/gateway/internal/edge"
)

// StreamOrderEvents sends the events of an order as they happen. If the first call to orders fails, the client gets a problem;
// after that the stream can only end.
func (h *Handler) StreamOrderEvents(ctx context.Context, req api.StreamOrderEventsRequestObject) (api.StreamOrderEventsResponseObject, error) {
	after, err := lastPosition(req.Params.LastEventID)
	if err != nil {
		return nil, err
	}
	s := &eventStream{ctx: ctx, orders: h.Orders, logger: h.logger, order: req.Id, after: after}
	answer, err := s.ask(0)
	if err != nil {
		return nil, err
	}
	s.text.WriteString(reconnect)
	s.write(answer)
	if s.over && len(answer.GetEvents()) == 0 {
		// An EventSource does not reconnect after 204.
		return api.StreamOrderEvents204Response{}, nil
	}
	return api.StreamOrderEvents200TexteventStreamResponse{Body: s, Headers: api.StreamOrderEvents200ResponseHeaders{
		CacheControl: "no-store", XAccelBuffering: "no",
	}}, nil
}

// lastPosition parses a Last-Event-ID. Without one it returns 0, the position before the first event.
func lastPosition(lastEventID *string) (int32, error) {
	if lastEventID == nil {
		return 0, nil
	}
	position, err := strconv.ParseUint(*lastEventID, 10, 31)
	if err != nil {
		return 0, edge.NewProblem(http.StatusBadRequest, api.ProblemCodeInvalidRequest, "Last-Event-ID is not the id of an event.")
	}
	return int32(position), nil
}
