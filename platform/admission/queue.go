package admission

import (
	"container/list"
	"time"
)

// bounds limit the queue of a class. They are meant for a short burst: perPlace waiting pieces of work for each place, each for
// at most longest, so that hanging work does not block the queue for ever.
type bounds struct {
	perPlace int
	longest  time.Duration
}

var queues = [classes]bounds{
	Browsing: {2, time.Second},
	Checkout: {32, 10 * time.Second},
}

// queue holds the waiting work of a class. The newest has the next turn, because the oldest may have used up most of its
// caller's time. If a long queue were served in the order of arrival, all answers would come too late
// (https://queue.acm.org/detail.cfm?id=2839461).
type queue struct {
	bounds
	waiting list.List // of chan struct{}, closed at its turn; the newest is first
	// began is when the queue last became non-empty. It stays as it is if the queue was empty only for a moment (see join).
	// ended is when the queue last became empty.
	began, ended time.Time
}

// join adds an element.
func (q *queue) join() *list.Element {
	const moment = 100 // if the queue was empty for less than longest/moment, it counts as if it had not been empty
	if now := time.Now(); q.empty() && now.Sub(q.ended) > q.longest/moment {
		q.began = now
	}
	return q.waiting.PushFront(make(chan struct{}))
}

// leave removes an element.
func (q *queue) leave(e *list.Element) chan struct{} {
	turn := q.waiting.Remove(e).(chan struct{})
	if q.empty() {
		q.ended = time.Now()
	}
	return turn
}

// call gives the newest element its turn.
func (q *queue) call() { close(q.leave(q.waiting.Front())) }

func (q *queue) empty() bool { return q.waiting.Len() == 0 }

// full reports whether the queue accepts no more work. If it has not been empty for longest, this is not a short burst but
// lasting overload. Then only a quarter as many may wait as there are places. That keeps the places busy, and the rest is
// refused at once.
func (q *queue) full(places int) bool {
	if !q.empty() && time.Since(q.began) > q.longest {
		return q.waiting.Len() >= max(1, places/4)
	}
	return q.waiting.Len() >= places*q.perPlace
}
