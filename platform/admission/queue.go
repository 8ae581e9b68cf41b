package admission

import (
	"container/list"
	"time"
)

// bounds of the queue of a class. It is for a crowd that comes at once: so many for each place get their turn within longest.
// Work that hangs must not hold it up for ever.
type bounds struct {
	perPlace int
	longest  time.Duration
}

var queues = [classes]bounds{
	Browsing: {2, time.Second},
	Checkout: {32, 10 * time.Second},
}

// queue is where work of a class waits. Whose turn is next is the newest: the oldest may have been waiting for most of the time
// that somebody waits for its answer, so that of a queue that stands for long, first come and first served, nothing would be in
// time (https://queue.acm.org/detail.cfm?id=2839461).
type queue struct {
	bounds
	waiting list.List // of chan struct{}, closed when its turn has come; the newest first
	// began is when it began to stand: somebody waits since then, but for moments. ended is when nobody did, last.
	began, ended time.Time
}

// join adds one that waits.
func (q *queue) join() *list.Element {
	const moment = 100 // of longest
	if now := time.Now(); q.empty() && now.Sub(q.ended) > q.longest/moment {
		q.began = now
	}
	return q.waiting.PushFront(make(chan struct{}))
}

// leave removes one that waits no longer.
func (q *queue) leave(e *list.Element) chan struct{} {
	turn := q.waiting.Remove(e).(chan struct{})
	if q.empty() {
		q.ended = time.Now()
	}
	return turn
}

// call says to the newest that its turn has come.
func (q *queue) call() { close(q.leave(q.waiting.Front())) }

func (q *queue) empty() bool { return q.waiting.Len() == 0 }

// full reports whether one more would wait in vain. A queue that has been standing for longest is no crowd that came at once,
// but more than can be done: then a fourth as many wait as there are places, which keeps those busy, and who is refused is
// refused at once.
func (q *queue) full(places int) bool {
	if !q.empty() && time.Since(q.began) > q.longest {
		return q.waiting.Len() >= max(1, places/4)
	}
	return q.waiting.Len() >= places*q.perPlace
}
