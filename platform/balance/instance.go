package balance

import (
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	// An instance with waiting calls is skipped once it has sent no answer for this long. Nearly all calls are answered within
	// a tenth of it. It is shorter than the shortest timeout of a method, a second, so that an instance is skipped before the
	// first call to it is lost.
	patience = 800 * time.Millisecond
	// A silent instance is tried by one call after this long.
	silence = 10 * time.Second
)

// instance is one process of the service, with what its answers tell about it. Its fleet's lock guards it.
type instance struct {
	conn    balancer.SubConn
	address string

	// waiting is the number of calls under way. since is when one of them last got an answer, or when the first began if none
	// did.
	waiting int
	since   time.Time
	// silent says that a call reached its deadline and that no other call was answered meanwhile.
	silent bool
	// tryAt is when a silent instance may be tried again; each trial postpones it.
	tryAt time.Time

	record
}

// standing reports whether the instance is in use. If it is not, try says whether this attempt should try it.
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

// isTrialFor reports whether the attempt should try the instance, which is ejected. Repeatable calls do so first, because
// another instance can answer them if this one fails. Other calls do so only if no repeatable call came for as long as the
// ejection took.
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

// answers reports whether the instance is responsive. A long poll waits on purpose, so an instance with waiting calls is tried
// now and then too.
func (i *instance) answers(now time.Time) bool {
	return !i.silent && (i.waiting == 0 || now.Sub(i.since) < patience)
}

// dueAt returns when an unresponsive instance is tried again.
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

// send directs an attempt at the instance.
func (i *instance) send(a *attempt) balancer.PickResult {
	if i.waiting == 0 {
		i.since = a.start
	}
	i.waiting++
	a.one, a.trial = i, i.ejected
	a.call.instances = append(a.call.instances, i)
	return balancer.PickResult{SubConn: i.conn, Done: a.done}
}

// hear records the end of a call that began at start. A missed deadline alone does not prove that the instance is silent,
// because the call may have been slow or its deadline short. It does if no call has received a byte since start, or for as long
// as patience.
func (i *instance) hear(start, now time.Time, info balancer.DoneInfo) {
	i.waiting--
	switch {
	case info.BytesReceived:
		i.since, i.silent = now, false
	case status.Code(info.Err) == codes.DeadlineExceeded && (!i.since.After(start) || now.Sub(i.since) >= patience):
		i.silent, i.tryAt = true, now.Add(silence)
	}
}
