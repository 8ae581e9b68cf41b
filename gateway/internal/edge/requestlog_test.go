package edge

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"testing"
	"time"

	"souk/platform/rpc"
	"souk/platform/telemetry"
)

func TestALineOfTheRequestLogIsOneThatSlogWrites(t *testing.T) {
	t.Parallel()
	ctx := telemetry.WithNotes(rpc.WithRequestID(t.Context(), "req-1"))
	telemetry.Note(ctx, telemetry.OrderID, "order-\x01\"\n\xff")
	var got, want bytes.Buffer
	newRequestLog(&got).write(ctx, "GET", "GET /v1/orders/{id}", 200, 1500*time.Microsecond)
	slog.New(telemetry.LogHandler{Handler: slog.NewJSONHandler(&want, nil)}).With("service", "gateway").LogAttrs(ctx, slog.LevelInfo, "answered",
		slog.String("method", "GET"), slog.String("route", "GET /v1/orders/{id}"), slog.Int("status", 200),
		slog.Duration("took", 1500*time.Microsecond), slog.String("request_id", "req-1"))
	line, slogs := fields(t, got.Bytes()), fields(t, want.Bytes())
	for _, one := range []map[string]any{line, slogs} {
		text, _ := one["time"].(string)
		if at, err := time.Parse(time.RFC3339Nano, text); err != nil || time.Since(at) > time.Minute {
			t.Errorf("the time is %q (%v)", text, err)
		}
		delete(one, "time")
	}
	if !maps.Equal(line, slogs) {
		t.Errorf("the line is %v, want %v", line, slogs)
	}
}

func TestTheRequestLogHasOneLineARequest(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	lines := newRequestLog(&log)
	for range 3 {
		lines.write(t.Context(), "GET", otherRoute, 404, time.Second)
	}
	all := slices.Collect(bytes.Lines(log.Bytes()))
	if len(all) != 3 {
		t.Fatalf("3 requests have %d lines", len(all))
	}
	for _, line := range all {
		if got := fields(t, line); got["status"] != 404.0 || got["route"] != otherRoute {
			t.Errorf("the line is %s", line)
		}
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
