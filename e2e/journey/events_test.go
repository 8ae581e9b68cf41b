package journey

import (
	"bufio"
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"souk/e2e/shop"
)

// stream reads an order's events into a channel, as "id event", until the stream ends.
func stream(t *testing.T, c *shop.Client, orderID, lastEventID string) (<-chan string, int) {
	t.Helper()
	return listen(t, c, "/v1/orders/"+orderID+"/events", lastEventID)
}

// listen is stream for a path, which may have a ticket in its query.
func listen(t *testing.T, c *shop.Client, path, lastEventID string) (<-chan string, int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	if lastEventID != "" {
		req.Header.Set("Last-Event-ID", lastEventID)
	}
	resp, err := c.HTTP.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	events := make(chan string, 100)
	go func() {
		defer close(events)
		defer func() { _ = resp.Body.Close() }()
		id := ""
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			switch name, value, _ := strings.Cut(lines.Text(), ": "); name {
			case "id":
				id = value
			case "event":
				events <- id + " " + value
			}
		}
	}()
	return events, resp.StatusCode
}

// next returns the next n events.
func next(t *testing.T, events <-chan string, n int) []string {
	t.Helper()
	var got []string
	timeout := time.After(30 * time.Second)
	for len(got) < n {
		select {
		case event, open := <-events:
			if !open {
				t.Fatalf("the stream ended after %q", got)
			}
			got = append(got, event)
		case <-timeout:
			t.Fatalf("only %q came", got)
		}
	}
	return got
}

func TestChangesOfAnOrderAreStreamed(t *testing.T) {
	t.Parallel()
	c := customer(t)
	order := buy(t, c, stocked(t, 500, 4), 1)
	events, _ := stream(t, c, order.ID, "")
	if got := next(t, events, 2); !slices.Equal(got, []string{"1 placed", "2 confirmed"}) {
		t.Errorf("first %q", got)
	}
	resumed, _ := stream(t, c, order.ID, "1")
	if got := next(t, resumed, 1); got[0] != "2 confirmed" {
		t.Errorf("resumed with %q", got)
	}
	if err := c.Do(t.Context(), http.MethodPost, "/v1/orders/"+order.ID+"/cancellation", nil, nil); err != nil {
		t.Fatal(err)
	}
	for _, s := range []<-chan string{events, resumed} {
		if got := next(t, s, 1); got[0] != "3 cancelled" {
			t.Errorf("then %q", got)
		}
		if extra, open := <-s; open {
			t.Errorf("after the end came %q", extra)
		}
	}
	if _, status := stream(t, c, order.ID, "3"); status != http.StatusNoContent {
		t.Errorf("after the end: %d, want 204", status)
	}
}

func TestEventsAreTheOwnersAlone(t *testing.T) {
	t.Parallel()
	ada, bob := customer(t), customer(t)
	order := buy(t, ada, stocked(t, 500, 4), 1)
	path := "/v1/orders/" + order.ID + "/events"
	wantProblem(t, bob.Do(t.Context(), http.MethodGet, path, nil, nil), http.StatusNotFound, "not_found")
	wantProblem(t, anonymous().Do(t.Context(), http.MethodGet, path, nil, nil), http.StatusUnauthorized, "unauthenticated")
	bad := shop.Header{Name: "Last-Event-ID", Value: "x"}
	wantProblem(t, ada.Do(t.Context(), http.MethodGet, path, nil, nil, bad), http.StatusBadRequest, "invalid_request")
}

func TestATicketOpensTheEventsOfItsOrderOnce(t *testing.T) {
	t.Parallel()
	ada, bob := customer(t), customer(t)
	order, another := buy(t, ada, stocked(t, 500, 4), 1), buy(t, ada, stocked(t, 500, 4), 1)
	_, err := bob.EventTicket(t.Context(), order.ID)
	wantProblem(t, err, http.StatusNotFound, "not_found")
	_, err = anonymous().EventTicket(t.Context(), order.ID)
	wantProblem(t, err, http.StatusUnauthorized, "unauthenticated")
	ticket, err := ada.EventTicket(t.Context(), order.ID)
	if err != nil {
		t.Fatal(err)
	}
	with := func(orderID string) string { return "/v1/orders/" + orderID + "/events?ticket=" + ticket }
	wantProblem(t, anonymous().Do(t.Context(), http.MethodGet, with(another.ID), nil, nil), http.StatusUnauthorized, "unauthenticated")
	wantProblem(t, bob.Do(t.Context(), http.MethodGet, with(order.ID), nil, nil), http.StatusNotFound, "not_found")
	events, _ := listen(t, anonymous(), with(order.ID), "")
	if got := next(t, events, 2); !slices.Equal(got, []string{"1 placed", "2 confirmed"}) {
		t.Errorf("first %q", got)
	}
	wantProblem(t, anonymous().Do(t.Context(), http.MethodGet, with(order.ID), nil, nil), http.StatusUnauthorized, "unauthenticated")
	if err := ada.Do(t.Context(), http.MethodPost, "/v1/orders/"+order.ID+"/cancellation", nil, nil); err != nil {
		t.Fatal(err)
	}
	if got := next(t, events, 1); got[0] != "3 cancelled" {
		t.Errorf("then %q", got)
	}
}
