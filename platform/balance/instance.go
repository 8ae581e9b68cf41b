package balance

import (
	"sync"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	// An instance that calls wait for is left alone once it has answered nothing for this long. Nearly all calls are
	// answered within a tenth of it.
	patience = time.Second
	// One that is left alone is tried by one call after this long.
	silence = 10 * time.Second
)

// instance is one process of the service, as far as it is known from what it answers.
type instance struct {
	conn    balancer.SubConn
	address string

	mu sync.Mutex
	// waiting is how many calls are under way, and since is from when on they have waited without anybody getting an answer.
	waiting int
	since   time.Time
	// silent says that it let a call reach its deadline and answered nobody meanwhile.
	silent bool
	// tryAt is when one that is left alone may be tried; a try under way moves it on.
	tryAt time.Time
}

// standing reports whether the instance answers and, if it has fallen silent, whether the next call is to try it. That it
// leaves calls waiting may be what they are for, as a long poll is, so that one is tried now and then as well.
func (i *instance) standing(now time.Time) (answers, try bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	tryAt := i.tryAt
	if !i.silent {
		if i.waiting == 0 || now.Sub(i.since) < patience {
			return true, false
		}
		tryAt = later(tryAt, i.since.Add(silence))
	}
	if now.Before(tryAt) {
		return false, false
	}
	i.tryAt = now.Add(silence)
	return false, true
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// result sends a call, made now, to the instance, and learns from how it ends.
func (i *instance) result(now time.Time) balancer.PickResult {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.waiting == 0 {
		i.since = now
	}
	i.waiting++
	return balancer.PickResult{SubConn: i.conn, Done: func(info balancer.DoneInfo) { i.learn(now, info) }}
}

// learn takes note of how a call ended that was made at start. A deadline without a byte of an answer is no proof by itself:
// the call may have been a slow one, or in a hurry. It is when nobody else got a byte since.
func (i *instance) learn(start time.Time, info balancer.DoneInfo) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.waiting--
	switch {
	case info.BytesReceived:
		i.since, i.silent = time.Now(), false
	case status.Code(info.Err) == codes.DeadlineExceeded && !i.since.After(start):
		i.silent, i.tryAt = true, time.Now().Add(silence)
	}
}
