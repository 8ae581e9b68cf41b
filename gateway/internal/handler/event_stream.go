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
	// How long orders waits for an event. After that the client gets a comment, so that proxies between us do not close the
	// connection as idle.
	eventsWait = 10 * time.Second
	// The extra time of a call to orders beyond its wait.
	eventsGrace = 5 * time.Second
	// While orders is down, the wait between calls grows from the first to the second.
	firstRetry = 500 * time.Millisecond
	lastRetry  = 5 * time.Second

	// A client whose stream broke reconnects after two seconds.
	reconnect = "retry: 2000\n\n"
	keepAlive = ": keep-alive\n\n"
)

// eventStream is an io.Reader that produces the timeline of an order as server-sent events
// (https://html.spec.whatwg.org/multipage/server-sent-events.html). It ends with ctx, or when the order can have no more
// events.
type eventStream struct {
	ctx    context.Context
	orders ordersv1.OrdersServiceClient
	logger *slog.Logger
	order  string
	// after is the position of the last event in the stream so far.
	after int32
	// over says that there will be no more events.
	over bool
	// retry is the approximate wait before the next call to orders; 0 while orders answers.
	retry time.Duration
	// text is the part of the stream that has not been read yet.
	text bytes.Buffer
}

// Read implements io.Reader. It blocks until there is text. The only error is io.EOF, because a running stream cannot turn into
// a problem.
func (s *eventStream) Read(p []byte) (int, error) {
	if s.text.Len() == 0 && (s.over || !s.grow()) {
		return 0, io.EOF
	}
	return s.text.Read(p)
}

// grow adds the next events or, if there are none for a while, a comment. It returns false at the end of the stream.
func (s *eventStream) grow() bool {
	// After a failure the call does not wait for events: a half-open breaker lets few calls through, and they should be short.
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
		s.retry = firstRetry // orders answers without waiting because it is stopping
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

// refuses reports whether retrying is useless, because the token has expired or the order does not exist.
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

// pause waits before orders is called again. The wait has a random part, so that streams do not all retry at once.
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
		// Marshaling strings and a time cannot fail.
		data, _ := json.Marshal(orderEvent{TimelineEntry: timelineView(e.GetEntry()), Status: statusView(order.GetStatus())})
		fmt.Fprintf(&s.text, "id: %d\nevent: %s\ndata: %s\n\n", e.GetPosition(), e.GetEntry().GetEvent(), data)
		s.after = e.GetPosition()
	}
	// These statuses are final.
	s.over = order.GetStatus() == ordersv1.Status_STATUS_REJECTED || order.GetStatus() == ordersv1.Status_STATUS_CANCELLED
}
