package resilience

import (
	"context"
	"slices"
	"sync"
	"time"

	"souk/e2e/openloop"
)

// load is what came of requests that were sent at a pace.
type load struct {
	mu     sync.Mutex
	took   []time.Duration
	status map[int]int
	err    error
}

// send sends so many requests a second until ctx is done. It counts all that it sent.
func send(ctx context.Context, perSecond int, next func(i int) request) *load {
	l := &load{status: map[int]int{}}
	openloop.Run(ctx, perSecond, func(i int) {
		got, err := next(i).send(context.WithoutCancel(ctx))
		l.mu.Lock()
		defer l.mu.Unlock()
		if err != nil {
			l.err = err
			return
		}
		l.took = append(l.took, got.took)
		l.status[got.Status]++
	})
	slices.Sort(l.took)
	return l
}

// percentile is how long so many of a hundred took at most.
func (l *load) percentile(p int) time.Duration {
	if len(l.took) == 0 {
		return 0
	}
	return l.took[len(l.took)*p/100]
}
