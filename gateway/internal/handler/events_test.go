package handler_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/platform/access"
	"souk/platform/rpc"
)

const (
	confirmed = ordersv1.Status_STATUS_CONFIRMED
	cancelled = ordersv1.Status_STATUS_CANCELLED
	rejected  = ordersv1.Status_STATUS_REJECTED
)

// happens makes orders report events from l.
func happens(s *shop, l *timeline) *timeline {
	on(s, waitForEvents, l.wait)
	return l
}

func TestAStreamSendsPastAndNewEvents(t *testing.T) {
	t.Parallel()
	s := open(t)
	l := happens(s, newTimeline(confirmed, "placed", "confirmed"))
	c := s.listen(t)
	for name, want := range map[string]string{
		"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no", "Content-Encoding": "", "Content-Length": "",
	} {
		if got := c.Header.Get(name); c.StatusCode != 200 || got != want {
			t.Errorf("answered %d, %s: %q, want %q", c.StatusCode, name, got, want)
		}
	}
	c.mustSay(t, "retry: 2000", eventText(1, "placed", "confirmed"), eventText(2, "confirmed", "confirmed"))
	l.add(ordersv1.Status_STATUS_FULFILLED, "dispatched")
	c.mustSay(t, eventText(3, "dispatched", "fulfilled"))
	l.add(cancelled, "cancelled", "refunded")
	c.mustSay(t, eventText(4, "cancelled", "cancelled"), eventText(5, "refunded", "cancelled"))
	if got, err := c.next(); !errors.Is(err, io.EOF) {
		t.Errorf("after the end the stream says %q (%v)", got, err)
	}
	for i, want := range []int32{0, 2, 3} {
		if q := l.questions()[i]; q.GetOrderId() != "o1" || q.GetAfter() != want {
			t.Errorf("question %d: %v", i, q)
		}
	}
}

func TestAStreamContinuesAfterTheLastEventID(t *testing.T) {
	t.Parallel()
	s := open(t)
	l := happens(s, newTimeline(confirmed, "placed", "confirmed"))
	s.listen(t, "Last-Event-ID", "0").mustSay(t, "retry: 2000", eventText(1, "placed", "confirmed"))
	s.listen(t, "Last-Event-ID", "1").mustSay(t, "retry: 2000", eventText(2, "confirmed", "confirmed"))
	c := s.listen(t, "Last-Event-ID", "2")
	c.mustSay(t, "retry: 2000")
	l.add(confirmed, "returned")
	c.mustSay(t, eventText(3, "returned", "confirmed"))
}

func TestAClientWithAllEventsOfAFinalOrderGets204(t *testing.T) {
	t.Parallel()
	for _, status := range []ordersv1.Status{cancelled, rejected} {
		s := open(t)
		happens(s, newTimeline(status, "placed", "over"))
		r := s.send(t, customer, "GET", "/v1/orders/o1/events", nil, "Last-Event-ID", "2")
		if r.status != http.StatusNoContent || len(r.body) != 0 {
			t.Errorf("%s: answered %d: %s", status, r.status, r.body)
		}
		c := s.listen(t, "Last-Event-ID", "1")
		c.mustSay(t, "retry: 2000")
		if got, err := c.next(); err != nil || got == "" {
			t.Errorf("%s: the last event is %q (%v)", status, got, err)
		}
		if got, err := c.next(); !errors.Is(err, io.EOF) {
			t.Errorf("%s: after it comes %q (%v)", status, got, err)
		}
	}
}

func TestAStreamThatCannotBeginIsAProblem(t *testing.T) {
	t.Parallel()
	s := open(t)
	happens(s, newTimeline(confirmed, "placed"))
	for _, id := range []string{"x", "-1", "+1", "1.5", "1 2", "0x1", "2147483648", "99999999999999999999"} {
		if p := s.send(t, customer, "GET", "/v1/orders/o1/events", nil, "Last-Event-ID", id).refused(t, 400, "invalid_request"); p.Detail == "" {
			t.Errorf("%q: nothing is named", id)
		}
	}
	s.send(t, guest, "GET", "/v1/orders/o1/events", nil).refused(t, 401, "unauthenticated")
	s.fail(waitForEvents, rpc.Error(codes.NotFound, ordersv1.ErrorReason_ERROR_REASON_ORDER_NOT_FOUND, "order not found"))
	s.send(t, customer, "GET", "/v1/orders/o1/events", nil).refused(t, 404, "not_found")
	if r := s.send(t, customer, "HEAD", "/v1/orders/o1/events", nil); r.status != 405 || r.header.Get("Allow") != "GET" {
		t.Errorf("HEAD is answered %d, Allow %q", r.status, r.header.Get("Allow"))
	}
}

func TestStreamsDoNotDelayTheShutdown(t *testing.T) {
	t.Parallel()
	s := open(t)
	happens(s, newTimeline(confirmed, "placed"))
	var open []*listener
	for range 5 {
		c := s.listen(t)
		c.mustSay(t, "retry: 2000", eventText(1, "placed", "confirmed"))
		open = append(open, c)
	}
	s.router.EndStreams()
	for _, c := range open {
		if got, err := c.next(); !errors.Is(err, io.EOF) {
			t.Errorf("at the end the stream says %q (%v)", got, err)
		}
	}
	s.send(t, customer, "GET", "/v1/orders/o1/events", nil).refused(t, 503, "unavailable")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := s.server.Shutdown(ctx); err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

func TestStreamsPerCustomerAreLimited(t *testing.T) {
	t.Parallel()
	s := open(t)
	happens(s, newTimeline(confirmed, "placed"))
	var last *listener
	for i := range 20 {
		if last = s.listen(t); last.StatusCode != 200 {
			t.Fatalf("stream %d is answered %d", i, last.StatusCode)
		}
	}
	r := s.send(t, customer, "GET", "/v1/orders/o1/events", nil)
	r.refused(t, 429, "rate_limited")
	if r.header.Get("Retry-After") != "5" {
		t.Errorf("Retry-After %q", r.header.Get("Retry-After"))
	}
	last.leave()
	for deadline := time.Now().Add(10 * time.Second); s.listen(t).StatusCode != 200; {
		if time.Now().After(deadline) {
			t.Fatal("a stream that was left is still counted")
		}
	}
}

func TestLeavingAStreamCancelsTheCallToOrders(t *testing.T) {
	t.Parallel()
	s := open(t)
	began, ended := make(chan struct{}), make(chan struct{})
	l := newTimeline(confirmed, "placed")
	on(s, waitForEvents, func(ctx context.Context, req *ordersv1.WaitForEventsRequest) (*ordersv1.WaitForEventsResponse, error) {
		if access.FromContext(ctx).CustomerID != "customer-1" {
			t.Errorf("called by %+v", access.FromContext(ctx))
		}
		if req.GetAfter() == 1 {
			close(began)
			defer close(ended)
		}
		return l.wait(ctx, req)
	})
	c := s.listen(t)
	c.mustSay(t, "retry: 2000", eventText(1, "placed", "confirmed"))
	<-began
	c.leave()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("orders still waits")
	}
}
