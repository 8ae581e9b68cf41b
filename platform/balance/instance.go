package balance

import (
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

// instance is one process of the service, as far as it is known from what it answers. It is guarded by its fleet's lock.
type instance struct {
	conn    balancer.SubConn
	address string

	// waiting is the number of calls under way, and since is when one of them last got an answer, or else when the first
	// began.
	waiting int
	since   time.Time
	// silent says that it let a call reach its deadline and answered nobody meanwhile.
	silent bool
	// tryAt is when one that is silent may be tried; a try under way moves it on.
	tryAt time.Time

	record
}

// standing reports whether the instance is in use and, if it is left alone, whether the attempt is to try it.
func (i *instance) standing(a *attempt) (inUse, try bool) {
	if i.ejected {
		return false, i.isTrialFor(a)
	}
	if i.answers(a.start) {
		return true, false
	}
	if a.start.Before(i.dueAt()) || a.call.asked(i) {
		return false, false
	}
	i.tryAt = a.start.Add(silence)
	return false, true
}

// isTrialFor reports whether the attempt is to try the instance, which is ejected. Calls that may be repeated do it, because
// another instance answers them if this one does not; others only when none of those came for the time of an ejection.
func (i *instance) isTrialFor(a *attempt) bool {
	due := i.until
	if !a.call.Repeatable {
		due = due.Add(i.span)
	}
	if a.health || a.start.Before(due) || a.call.asked(i) {
		return false
	}
	i.until = a.start.Add(i.span)
	return true
}

// answers reports whether the instance has not fallen silent. Calls may also wait because that is their purpose, as in a
// long poll; hence an instance that leaves calls waiting is tried now and then as well.
func (i *instance) answers(now time.Time) bool {
	return !i.silent && (i.waiting == 0 || now.Sub(i.since) < patience)
}

// dueAt is when an instance that has fallen silent is tried.
func (i *instance) dueAt() time.Time {
	if i.silent {
		return i.tryAt
	}
	return later(i.tryAt, i.since.Add(silence))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// send makes an attempt at the instance.
func (i *instance) send(a *attempt) balancer.PickResult {
	if i.waiting == 0 {
		i.since = a.start
	}
	i.waiting++
	a.one, a.trial = i, i.ejected
	a.call.instances = append(a.call.instances, i)
	return balancer.PickResult{SubConn: i.conn, Done: a.done}
}

// hear takes note of how a call ended that began at start. A missed deadline is no proof of silence by itself, because the
// call may have been slow, or its caller in a hurry. It is one if no call has got a byte since start.
func (i *instance) hear(start, now time.Time, info balancer.DoneInfo) {
	i.waiting--
	switch {
	case info.BytesReceived:
		i.since, i.silent = now, false
	case status.Code(info.Err) == codes.DeadlineExceeded && !i.since.After(start):
		i.silent, i.tryAt = true, now.Add(silence)
	}
}
