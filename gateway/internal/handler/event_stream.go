package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/gateway/internal/api"
)

const (
	// How long orders waits for something to happen. Then the client gets a comment, or what stands between us
	// would take the connection for a dead one.
	eventsWait = 10 * time.Second
	// How much longer than it waits orders may take.
	eventsGrace = 5 * time.Second
	// While orders is away it is asked again after about this long, at first and at last.
	firstRetry = 500 * time.Millisecond
	lastRetry  = 5 * time.Second

	// A client that lost the stream comes back after two seconds.
	reconnect = "retry: 2000\n\n"
	keepAlive = ": keep-alive\n\n"
)

// eventStream is the timeline of an order as a text of server-sent events that grows while it is read
// (https://html.spec.whatwg.org/multipage/server-sent-events.html). It ends with ctx, or with the order.
type eventStream struct {
	ctx    context.Context
	orders ordersv1.OrdersServiceClient
	logger *slog.Logger
	order  string
	// after is the position of the last event that was written.
	after int32
	// over says that no event will come after it.
	over bool
	// retry is about how long to wait before orders is asked again; 0 while it answers.
	retry time.Duration
	// text is what was written and not read yet.
	text bytes.Buffer
}

// Read implements io.Reader. It blocks until there is something to say; the end is always io.EOF, because a stream
// under way cannot become a problem.
func (s *eventStream) Read(p []byte) (int, error) {
	if s.text.Len() == 0 && (s.over || !s.grow()) {
		return 0, io.EOF
	}
	return s.text.Read(p)
}

// grow writes the next events or, when there are none for a while, a comment. It returns false at the stream's end.
func (s *eventStream) grow() bool {
	// After a failure orders is only looked at: the breaker lets few calls try, and none of them should take long.
	wait := eventsWait
	if s.retry > 0 {
		s.pause()
		wait = 0
	}
	asked := time.Now()
	answer, err := s.ask(wait)
	switch {
	case s.ctx.Err() != nil, refuses(err):
		return false
	case err != nil:
		s.failed(err)
	case len(answer.GetEvents()) == 0 && time.Since(asked) < wait/2:
		s.retry = firstRetry // it does not wait, because it stops
	default:
		s.retry = 0
		s.write(answer)
	}
	if s.text.Len() == 0 {
		s.text.WriteString(keepAlive)
	}
	return true
}

func (s *eventStream) ask(wait time.Duration) (*ordersv1.WaitForEventsResponse, error) {
	ctx, cancel := context.WithTimeout(s.ctx, wait+eventsGrace)
	defer cancel()
	return s.orders.WaitForEvents(ctx, &ordersv1.WaitForEventsRequest{
		OrderId: s.order, After: s.after, Wait: durationpb.New(wait),
	})
}

// refuses reports whether asking again is no use: the token is not taken any more, or the order is not there.
func refuses(err error) bool {
	switch status.Code(err) {
	case codes.Unauthenticated, codes.PermissionDenied, codes.NotFound:
		return true
	default:
		return false
	}
}

func (s *eventStream) failed(err error) {
	if s.retry == 0 {
		s.logger.WarnContext(s.ctx, "an event stream waits for orders", "order", s.order, "error", err)
	}
	s.retry = min(max(2*s.retry, firstRetry), lastRetry)
}

// pause waits before orders is asked again; not all streams for the same time.
func (s *eventStream) pause() {
	select {
	case <-s.ctx.Done():
	case <-time.After(s.retry/2 + rand.N(s.retry/2)):
	}
}

// orderEvent is the data of an event.
type orderEvent struct {
	api.TimelineEntry
	Status api.OrderStatus `json:"status"`
}

func (s *eventStream) write(answer *ordersv1.WaitForEventsResponse) {
	order := answer.GetOrder()
	for _, e := range answer.GetEvents() {
		// Strings and a time are always JSON.
		data, _ := json.Marshal(orderEvent{TimelineEntry: timelineView(e.GetEntry()), Status: statusView(order.GetStatus())})
		fmt.Fprintf(&s.text, "id: %d\nevent: %s\ndata: %s\n\n", e.GetPosition(), e.GetEntry().GetEvent(), data)
		s.after = e.GetPosition()
	}
	// Nothing happens any more to an order with one of these.
	s.over = order.GetStatus() == ordersv1.Status_STATUS_REJECTED || order.GetStatus() == ordersv1.Status_STATUS_CANCELLED
}
