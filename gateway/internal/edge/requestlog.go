package edge

import (
	"bytes"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/trace"

	"souk/platform/telemetry"
)

const (
	// Lines are written once there are this many, or after this time.
	logLines = 128
	logTime  = 100 * time.Millisecond
)

// RequestLog counts the answered requests in the metrics, and has a line for each, which looks like slog's. Both are done a little later,
// for many requests at once, and the lines are made by zerolog: a line of slog's that is made at once takes a twentieth of the time of a
// page from memory. A process that is killed loses the last lines, so they must not be the only trace of anything.
type RequestLog struct {
	mu      sync.Mutex
	waiting []answer
	off     bool

	// What follows belongs to the goroutine that writes.
	writing sync.Mutex
	spare   []answer // swapped with waiting
	text    bytes.Buffer
	time    []byte
	lines   zerolog.Logger
	out     io.Writer
}

// answer is an answered request. The route is logged instead of the path, because a path may contain secrets, for example the ID of a
// guest's cart.
type answer struct {
	at            time.Time
	method, route string
	status        int
	took          time.Duration
	requestID     string
	ids           []telemetry.ID
	// stream is set for an event stream, which has no time, because it lasts as long as its client wants.
	stream bool
	// span is that of the request. If it is sampled, it becomes the exemplar of the time.
	span trace.SpanContext
}

// NewRequestLog returns a log that writes to out, or that drops its lines if level is above info.
func NewRequestLog(out io.Writer, level slog.Level) *RequestLog {
	l := &RequestLog{out: out, off: level > slog.LevelInfo}
	l.lines = zerolog.New(&l.text).With().
		Str(slog.LevelKey, slog.LevelInfo.String()).Str(slog.MessageKey, "answered").Str("service", "gateway").Logger()
	return l
}

func (l *RequestLog) add(a answer) {
	l.mu.Lock()
	if len(l.waiting) == 0 {
		time.AfterFunc(logTime, l.Flush)
	}
	l.waiting = append(l.waiting, a)
	full := len(l.waiting) >= logLines
	l.mu.Unlock()
	if full {
		l.Flush()
	}
}

// Flush counts the requests that wait, and writes their lines.
func (l *RequestLog) Flush() {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.mu.Lock()
	answers := l.waiting
	l.waiting = l.spare
	l.mu.Unlock()
	for _, a := range answers {
		a.count()
		if !l.off {
			l.write(a)
		}
	}
	_, _ = l.text.WriteTo(l.out) // there is nowhere else to write to
	l.text.Reset()
	clear(answers)
	l.spare = answers[:0]
}

func (l *RequestLog) write(a answer) {
	l.time = a.at.AppendFormat(l.time[:0], time.RFC3339Nano)
	line := l.lines.Log().Bytes(slog.TimeKey, l.time).
		Str("method", a.method).Str("route", a.route).Int("status", a.status).Int64("took", a.took.Nanoseconds()).Str("request_id", a.requestID)
	for _, id := range a.ids {
		line.Str(id.Key, id.Value)
	}
	line.Send()
}
