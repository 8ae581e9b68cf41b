package lastgood

import (
	"context"
	"sync"
	"time"
)

// Mark says of a request whether its answer has old parts. It is what allows them: a request without a mark gets none.
type Mark struct {
	mu     sync.Mutex
	oldest time.Time
}

type markKey struct{}

// WithMark returns ctx with a mark of its own, and the mark.
func WithMark(ctx context.Context) (context.Context, *Mark) {
	m := &Mark{}
	return context.WithValue(ctx, markKey{}, m), m
}

// Use notes that the answer to the request of ctx has a part that was good at a time.
func Use(ctx context.Context, at time.Time) {
	m := markOf(ctx)
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.oldest.IsZero() || at.Before(m.oldest) {
		m.oldest = at
	}
}

// Used reports whether the answer to the request of ctx has an old part so far.
func Used(ctx context.Context) bool {
	m := markOf(ctx)
	if m == nil {
		return false
	}
	_, used := m.Age()
	return used
}

// Age returns how old the oldest part of the answer is, and false when none is.
func (m *Mark) Age() (time.Duration, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.oldest.IsZero() {
		return 0, false
	}
	return time.Since(m.oldest), true
}

type copyKey struct{}

// WithCopy returns ctx for a request that may be answered from what is kept, as long as nothing of it has changed. A request without
// it asks catalog.
func WithCopy(ctx context.Context) context.Context {
	return context.WithValue(ctx, copyKey{}, true)
}

// MayCopy reports whether ctx is one of WithCopy.
func MayCopy(ctx context.Context) bool {
	return ctx.Value(copyKey{}) != nil
}

func markOf(ctx context.Context) *Mark {
	m, _ := ctx.Value(markKey{}).(*Mark)
	return m
}
