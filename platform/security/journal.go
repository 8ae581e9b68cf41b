// Package security records security events: who did, or tried to do, something. Each event is a line in the process's log, with
// log=security, and is counted in the metric souk_security_events_total.
package security

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"golang.org/x/time/rate"
)

const (
	// The limits of log lines for each kind of event, in a second and at once. An attack must not fill the disk or hide events
	// of other kinds.
	linesPerSecond = 10
	linesAtOnce    = 50
	// Events without a line are summed up in one line, this long after the first of them.
	summedUpAfter = 10 * time.Second
)

var (
	counts = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "souk_security_events_total", Help: "Security events, with or without a line in the log.",
	}, []string{"event"})
	withoutLine = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "souk_security_events_without_line_total", Help: "Security events that have no line in the log, because there were too many.",
	}, []string{"event"})
)

func init() {
	for _, kind := range Kinds() {
		counts.WithLabelValues(string(kind)) // so that each kind is shown from the start
	}
}

// Journal writes events to the log. The zero value is not usable.
type Journal struct {
	logger *slog.Logger
	mu     sync.Mutex
	kinds  map[Kind]*budget
}

// budget is the remaining number of lines of a kind, and the number of events without a line since the last sum.
type budget struct {
	lines   *rate.Limiter
	leftOut int64
}

// New returns a journal that writes to logger at level info, even if the logger's own level is higher, because these events are
// evidence.
func New(logger *slog.Logger) *Journal {
	return &Journal{logger: logger.With("log", "security"), kinds: map[Kind]*budget{}}
}

// Log records an event in ctx's journal, with the actor and the request of ctx. subject identifies the object of the event by
// an ID, never by text that somebody typed. attrs must not contain secrets or text that a client can choose freely.
func Log(ctx context.Context, kind Kind, subject string, attrs ...slog.Attr) {
	o := originOf(ctx)
	counts.WithLabelValues(string(kind)).Inc()
	j := o.journal
	if j == nil {
		j = fallback()
	}
	if !j.spend(kind) {
		withoutLine.WithLabelValues(string(kind)).Inc()
		return
	}
	all := append([]slog.Attr{slog.String("event", string(kind)), slog.String("subject", subject)}, o.attrs()...)
	j.write(ctx, "security event", append(all, attrs...))
}

// fallback is the journal for a ctx without one, for example in tests of a domain.
var fallback = sync.OnceValue(func() *Journal { return New(slog.Default()) })

// write writes a line regardless of the logger's level.
func (j *Journal) write(ctx context.Context, message string, attrs []slog.Attr) {
	r := slog.NewRecord(time.Now(), slog.LevelInfo, message, 0)
	r.AddAttrs(attrs...)
	_ = j.logger.Handler().Handle(ctx, r) // like slog.Logger, which ignores errors too
}

// spend reports whether another event of a kind may have a line.
func (j *Journal) spend(kind Kind) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	b, ok := j.kinds[kind]
	if !ok {
		b = &budget{lines: rate.NewLimiter(linesPerSecond, linesAtOnce)}
		j.kinds[kind] = b
	}
	if b.lines.Allow() {
		return true
	}
	if b.leftOut++; b.leftOut == 1 {
		time.AfterFunc(summedUpAfter, func() { j.sumUp(kind, b) })
	}
	return false
}

func (j *Journal) sumUp(kind Kind, b *budget) {
	j.mu.Lock()
	n := b.leftOut
	b.leftOut = 0
	j.mu.Unlock()
	j.write(context.Background(), "security events without a line of their own", []slog.Attr{
		slog.String("event", string(kind)), slog.Int64("count", n), slog.Duration("within", summedUpAfter),
	})
}
