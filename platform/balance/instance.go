package balance

import (
	"sync"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// How long an instance that has fallen silent is left alone before one call tries it.
const silence = 10 * time.Second

// instance is one process of the service, as far as it is known from what it answers.
type instance struct {
	conn    balancer.SubConn
	address string

	mu sync.Mutex
	// heard is when it last answered anything at all.
	heard time.Time
	// silent says that it let a call reach its deadline and answered nobody meanwhile.
	silent bool
	// tryAt is when a silent one may be tried; a try under way moves it on.
	tryAt time.Time
}

// standing reports whether the instance answers and, if it does not, whether the next call is to try it.
func (i *instance) standing(now time.Time) (answers, try bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.silent && !now.Before(i.tryAt) {
		i.tryAt = now.Add(silence)
		return false, true
	}
	return !i.silent, false
}

// result sends a call, made now, to the instance, and learns from how it ends.
func (i *instance) result(now time.Time) balancer.PickResult {
	return balancer.PickResult{SubConn: i.conn, Done: func(info balancer.DoneInfo) { i.learn(now, info) }}
}

// learn takes note of how a call ended that was made at start. A deadline without a byte of an answer is no proof by itself:
// the call may have been a slow one, or in a hurry. It is when nobody else got a byte since.
func (i *instance) learn(start time.Time, info balancer.DoneInfo) {
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case info.BytesReceived:
		i.heard, i.silent = time.Now(), false
	case status.Code(info.Err) == codes.DeadlineExceeded && !i.heard.After(start):
		i.silent, i.tryAt = true, time.Now().Add(silence)
	}
}
