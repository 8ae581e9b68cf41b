// Package securitytest is responsible for tests of which security events are logged.
package securitytest

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"souk/platform/security"
)

// Events are what was logged in a test.
type Events struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Event is a line of the log.
type Event struct {
	Event   security.Kind
	Subject string
	Actor   struct {
		Customer, Service, Address string
		Staff                      bool
	}
	RequestID string `json:"request_id"`
	// Line is the whole line.
	Line string `json:"-"`
}

// Write implements io.Writer.
func (e *Events) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.text.Write(p)
}

// Journal returns a journal that writes here.
func (e *Events) Journal() *security.Journal {
	return security.New(slog.New(slog.NewJSONHandler(e, nil)))
}

// Record returns a context whose events are recorded.
func Record(ctx context.Context, t testing.TB) (context.Context, *Events) {
	t.Helper()
	e := &Events{}
	return security.With(ctx, e.Journal(), "test"), e
}

// Of returns the events of a kind so far, the first one first.
func (e *Events) Of(t testing.TB, kind security.Kind) []Event {
	t.Helper()
	e.mu.Lock()
	text := e.text.String()
	e.mu.Unlock()
	var all []Event
	for line := range strings.Lines(text) {
		var event Event
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		event.Line = line
		all = append(all, event)
	}
	return slices.DeleteFunc(all, func(event Event) bool { return event.Event != kind })
}

// Expect fails the test unless there is exactly one event of a kind so far, about subject, and returns it.
func (e *Events) Expect(t testing.TB, kind security.Kind, subject string) Event {
	t.Helper()
	found := e.Of(t, kind)
	if len(found) != 1 || found[0].Subject != subject {
		t.Fatalf("%s: %+v, want one about %q", kind, found, subject)
	}
	return found[0]
}
