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
	// One that let a call reach its deadline is left alone for this long before one call tries it.
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
	// tryAt is when a silent one may be tried; a try under way moves it on.
	tryAt time.Time
}

// standing reports whether the instance answers and, if it has fallen silent, whether the next call is to try it.
func (i *instance) standing(now time.Time) (answers, try bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.silent && !now.Before(i.tryAt) {
		i.tryAt = now.Add(silence)
		return false, true
	}
	return !i.silent && (i.waiting == 0 || now.Sub(i.since) < patience), false
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
