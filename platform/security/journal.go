// Package security is responsible for the record of what matters to the security of the shop: who did, or tried, what to whom.
// Each event is a line of the process's log, apart from the others by log=security, and is counted at /debug/vars.
package security

import (
	"context"
	"expvar"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// An attack must not fill the disk, nor hide other events: each kind has so many lines in a second, and at once.
	linesPerSecond = 10
	linesAtOnce    = 50
	// What got no line is summed up in one, this long after the first.
	summedUpAfter = 10 * time.Second
)

var (
	// How many events of each kind there were since the process started, whether or not they got a line.
	counts = expvar.NewMap("security_events")
	// How many of them got no line.
	withoutLine = expvar.NewMap("security_events_without_line")
)

// Journal writes events down. The zero value is not usable.
type Journal struct {
	logger *slog.Logger
	mu     sync.Mutex
	kinds  map[Kind]*budget
}

// budget is how many more lines a kind gets, and how many events got none since the last sum.
type budget struct {
	lines   *rate.Limiter
	leftOut int64
}

// New returns a journal that writes to logger at level info, also when the logger is for higher levels only: what is noise
// to one who looks for faults is evidence here.
func New(logger *slog.Logger) *Journal {
	return &Journal{logger: logger.With("log", "security"), kinds: map[Kind]*budget{}}
}

// Log writes an event down in the journal of ctx, with the actor and the request that ctx belongs to. Subject is whom or what
// it was done to: an id, never what somebody typed. Nothing in attrs may be a secret, or a text that a client chose freely.
func Log(ctx context.Context, kind Kind, subject string, attrs ...slog.Attr) {
	o := originOf(ctx)
	counts.Add(string(kind), 1)
	j := o.journal
	if j == nil {
		j = fallback()
	}
	if !j.spend(kind) {
		withoutLine.Add(string(kind), 1)
		return
	}
	all := append([]slog.Attr{slog.String("event", string(kind)), slog.String("subject", subject)}, o.attrs()...)
	j.write(ctx, "security event", append(all, attrs...))
}

// fallback is the journal of work that belongs to no process, as in tests of a domain.
var fallback = sync.OnceValue(func() *Journal { return New(slog.Default()) })

// write bypasses the logger's level.
func (j *Journal) write(ctx context.Context, message string, attrs []slog.Attr) {
	r := slog.NewRecord(time.Now(), slog.LevelInfo, message, 0)
	r.AddAttrs(attrs...)
	_ = j.logger.Handler().Handle(ctx, r) // as slog.Logger does: there is nobody to tell
}

// spend reports whether there is a line for another event of a kind.
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
