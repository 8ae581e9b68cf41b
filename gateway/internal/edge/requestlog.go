package edge

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/rs/zerolog"

	"souk/platform/rpc"
	"souk/platform/telemetry"
)

// requestLog has a line for each answered request. The lines look like slog's. zerolog makes them in a third of the time, and a page from
// memory takes so little that slog would be 2 % of it.
type requestLog struct{ lines zerolog.Logger }

func newRequestLog(out io.Writer) requestLog {
	return requestLog{zerolog.New(out).With().Str("service", "gateway").Logger()}
}

// write logs an answered request. The route is logged instead of the path, because a path may contain secrets, for example the ID of a
// guest's cart.
func (l requestLog) write(ctx context.Context, method, route string, status int, took time.Duration) {
	line := l.lines.Log().
		Str(slog.TimeKey, time.Now().Format(time.RFC3339Nano)).Str(slog.LevelKey, slog.LevelInfo.String()).Str(slog.MessageKey, "answered").
		Str("method", method).Str("route", route).Int("status", status).Int64("took", took.Nanoseconds()).Str("request_id", rpc.RequestID(ctx))
	for _, id := range telemetry.IDs(ctx) {
		line.Str(id.Key, id.Value)
	}
	line.Send()
}
