package lastgood

import (
	"context"
	"sync"
	"time"
)

// Mark records whether the answer to a request has old parts. Only requests with a mark may get old parts.
type Mark struct {
	mu     sync.Mutex
	oldest time.Time
}

type markKey struct{}

// WithMark returns ctx with a new mark, and the mark.
func WithMark(ctx context.Context) (context.Context, *Mark) {
	m := &Mark{}
	return context.WithValue(ctx, markKey{}, m), m
}

// Use records that the answer to ctx's request contains a part that was current at a time.
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

// Used reports whether the answer to ctx's request has an old part so far.
func Used(ctx context.Context) bool {
	m := markOf(ctx)
	if m == nil {
		return false
	}
	_, used := m.Age()
	return used
}

// Age returns the age of the oldest old part of the answer, and false if there is none.
func (m *Mark) Age() (time.Duration, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.oldest.IsZero() {
		return 0, false
	}
	return time.Since(m.oldest), true
}

type copyKey struct{}

// WithCopy returns ctx for a request that may get unchanged answers from the cache. Other requests ask catalog.
func WithCopy(ctx context.Context) context.Context {
	return context.WithValue(ctx, copyKey{}, true)
}

// MayCopy reports whether ctx comes from WithCopy.
func MayCopy(ctx context.Context) bool {
	return ctx.Value(copyKey{}) != nil
}

func markOf(ctx context.Context) *Mark {
	m, _ := ctx.Value(markKey{}).(*Mark)
	return m
}
