package edge

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"souk/platform/rpc"
	"souk/platform/telemetry"
	"souk/testkit/scrape"
)

func TestALineOfTheRequestLogLooksLikeSlogs(t *testing.T) {
	t.Parallel()
	ctx := telemetry.WithNotes(rpc.WithRequestID(t.Context(), "req-1"))
	telemetry.Note(ctx, telemetry.OrderID, "order-\x01\"\n\xff")
	now := time.Now()
	var got, want bytes.Buffer
	log := NewRequestLog(&got, slog.LevelInfo)
	log.add(answer{
		at: now, method: "GET", route: "GET /v1/orders/{id}", status: 200, took: 1500 * time.Microsecond, requestID: "req-1", ids: telemetry.IDs(ctx),
	})
	log.Flush()

	record := slog.NewRecord(now, slog.LevelInfo, "answered", 0)
	record.AddAttrs(slog.String("service", "gateway"), slog.String("method", "GET"), slog.String("route", "GET /v1/orders/{id}"),
		slog.Int("status", 200), slog.Duration("took", 1500*time.Microsecond), slog.String("request_id", "req-1"))
	if err := (telemetry.LogHandler{Handler: slog.NewJSONHandler(&want, nil)}).Handle(ctx, record); err != nil {
		t.Fatal(err)
	}
	if line, slogs := fields(t, got.Bytes()), fields(t, want.Bytes()); !maps.Equal(line, slogs) {
		t.Errorf("the line is %v, want %v", line, slogs)
	}
}

func fields(t *testing.T, line []byte) map[string]any {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal(line, &all); err != nil {
		t.Fatalf("%v: %q", err, line)
	}
	return all
}

func TestTheLinesOfRequestsAreWrittenTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out countingWriter
		log := NewRequestLog(&out, slog.LevelInfo)
		add := func(n int) {
			for range n {
				log.add(answer{status: 200})
			}
		}
		expect := func(when string, writes, lines int) {
			t.Helper()
			synctest.Wait()
			if gotWrites, gotLines := out.counted(); gotWrites != writes || gotLines != lines {
				t.Errorf("%s: %d lines in %d writes, want %d in %d", when, gotLines, gotWrites, lines, writes)
			}
		}
		add(2)
		expect("at once", 0, 0)
		time.Sleep(2 * logTime)
		expect("in time", 1, 2)
		add(logLines)
		expect("many at once", 2, 2+logLines)
		add(1)
		log.Flush()
		log.Flush()
		expect("at the end", 3, 3+logLines)
	})
}

func TestNoLineOfConcurrentRequestsIsLost(t *testing.T) {
	t.Parallel()
	var out countingWriter
	log := NewRequestLog(&out, slog.LevelInfo)
	const each = 1000
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range each {
				log.add(answer{status: 200})
			}
		})
	}
	group.Wait()
	log.Flush()
	if out.lines != 8*each {
		t.Errorf("%d requests have %d lines", 8*each, out.lines)
	}
}

func TestALogLevelAboveInfoDropsTheLinesOfRequests(t *testing.T) {
	t.Parallel()
	var out countingWriter
	log := NewRequestLog(&out, slog.LevelWarn)
	log.add(answer{status: 200})
	log.Flush()
	if out.lines != 0 {
		t.Errorf("%d lines are written", out.lines)
	}
}

func TestRequestsAreCountedWhateverTheLogLevel(t *testing.T) {
	t.Parallel()
	for _, level := range []slog.Level{slog.LevelInfo, slog.LevelWarn} {
		route := "GET /counted/" + level.String()
		log := NewRequestLog(io.Discard, level)
		log.add(answer{route: route, status: 200, took: time.Second})
		log.add(answer{route: route, status: 503, took: time.Second})
		log.add(answer{route: route, status: 200, took: time.Hour, stream: true})
		log.Flush()
		metrics, err := scrape.Own()
		if err != nil {
			t.Fatal(err)
		}
		answers, seconds := metrics.Sum("souk_http_requests_total", "route", route), metrics.Sum("souk_http_request_duration_seconds", "route", route)
		if answers != 3 || seconds != 2 {
			t.Errorf("%s: %v answers that took %v seconds; want 3, and 2 seconds without the stream", level, answers, seconds)
		}
	}
}

// countingWriter counts what it is given.
type countingWriter struct {
	mu            sync.Mutex
	writes, lines int
}

// Write implements io.Writer.
func (w *countingWriter) Write(text []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writes++
	w.lines += len(slices.Collect(bytes.Lines(text)))
	return len(text), nil
}

func (w *countingWriter) counted() (writes, lines int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.writes, w.lines
}
