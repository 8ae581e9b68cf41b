package handler_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	ordersv1 "souk/proto/gen/souk/orders/v1"
)

const waitForEvents = ordersv1.OrdersService_WaitForEvents_FullMethodName

// errHangs makes orders not answer at all. errStops makes it answer without waiting, as it does while it stops.
var errHangs, errStops = errors.New("hangs"), errors.New("stops")

// timeline is a fake of orders' WaitForEvents for one order.
type timeline struct {
	ordersv1.OrdersServiceClient
	mu      sync.Mutex
	events  []*ordersv1.Event
	status  ordersv1.Status
	err     error
	changed chan struct{}
	// asked contains all requests.
	asked []*ordersv1.WaitForEventsRequest
}

func newTimeline(status ordersv1.Status, events ...string) *timeline {
	l := &timeline{changed: make(chan struct{})}
	l.add(status, events...)
	return l
}

// add adds events to the order and sets its status.
func (l *timeline) add(status ordersv1.Status, events ...string) {
	l.change(func() {
		l.status = status
		for _, e := range events {
			entry := &ordersv1.TimelineEntry{Event: e, Detail: "of\n" + e}
			l.events = append(l.events, &ordersv1.Event{Position: int32(len(l.events) + 1), Entry: entry})
		}
	})
}

// fail makes all calls fail from now on; nil makes them succeed again.
func (l *timeline) fail(err error) {
	l.change(func() { l.err = err })
}

func (l *timeline) change(how func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	how()
	close(l.changed)
	l.changed = make(chan struct{})
}

// WaitForEvents implements ordersv1.OrdersServiceClient.
func (l *timeline) WaitForEvents(ctx context.Context, req *ordersv1.WaitForEventsRequest, _ ...grpc.CallOption) (*ordersv1.WaitForEventsResponse, error) {
	return l.wait(ctx, req)
}

func (l *timeline) wait(ctx context.Context, req *ordersv1.WaitForEventsRequest) (*ordersv1.WaitForEventsResponse, error) {
	l.mu.Lock()
	l.asked = append(l.asked, req)
	l.mu.Unlock()
	patience := time.NewTimer(req.GetWait().AsDuration())
	defer patience.Stop()
	for over := req.GetWait().AsDuration() == 0; ; {
		answer, changed, err := l.after(req.GetAfter())
		if errors.Is(err, errHangs) {
			<-ctx.Done()
			return nil, status.FromContextError(ctx.Err()).Err()
		}
		if errors.Is(err, errStops) {
			return answer, nil
		}
		if err != nil || over || len(answer.GetEvents()) > 0 {
			return answer, err
		}
		select {
		case <-ctx.Done():
			return nil, status.FromContextError(ctx.Err()).Err()
		case <-patience.C:
			over = true
		case <-changed:
		}
	}
}

func (l *timeline) after(position int32) (*ordersv1.WaitForEventsResponse, <-chan struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	answer := &ordersv1.WaitForEventsResponse{Order: &ordersv1.Order{Id: "o1", Status: l.status}}
	for _, e := range l.events {
		if e.GetPosition() > position {
			answer.Events = append(answer.Events, e)
		}
	}
	return answer, l.changed, l.err
}

// questions returns the requests so far.
func (l *timeline) questions() []*ordersv1.WaitForEventsRequest {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]*ordersv1.WaitForEventsRequest(nil), l.asked...)
}

// eventText returns an event as text of the stream.
func eventText(position int, event, status string) string {
	return fmt.Sprintf("id: %d\nevent: %s\n"+`data: {"at":"1970-01-01T00:00:00Z","detail":"of\n%s","event":"%s","status":"%s"}`,
		position, event, event, event, status)
}

// listener is a client of an event stream.
type listener struct {
	*http.Response
	lines *bufio.Reader
	leave context.CancelFunc
}

// listen opens the event stream of order o1. headers are pairs of names and values.
func (s *shop) listen(t *testing.T, headers ...string) *listener {
	t.Helper()
	ctx, leave := context.WithTimeout(t.Context(), s.patience)
	t.Cleanup(leave)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/v1/orders/o1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.token(t, customer))
	req.Header.Set("Accept-Encoding", "gzip")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := s.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	return &listener{Response: resp, lines: bufio.NewReader(resp.Body), leave: leave}
}

// next returns the next block of the stream without its blank line, or an error.
func (l *listener) next() (string, error) {
	block := ""
	for {
		line, err := l.lines.ReadString('\n')
		if err != nil || line == "\n" {
			return strings.TrimSuffix(block, "\n"), err
		}
		block += line
	}
}

// mustSay checks the next blocks.
func (l *listener) mustSay(t *testing.T, want ...string) {
	t.Helper()
	for _, w := range want {
		if got, err := l.next(); got != w || err != nil {
			t.Fatalf("the stream says %q (%v), want %q", got, err, w)
		}
	}
}
