package simulation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"souk/services/orders/internal/saga"
)

// The errors of calls that got no answer.
var (
	errAway = fmt.Errorf("%w: no answer", saga.ErrUnavailable)
	// A store's errors are its driver's own.
	errDisconnected = errors.New("the connection to the database was lost")
)

// How long a client of another service waits when its caller sets no deadline.
const callTime = 5 * time.Second

// call has a process call a place. The network can lose, delay or double the request and lose the answer. The effect of the request
// happens in one moment.
func call[T any](ctx context.Context, p *process, place, what, about string, effect func() (T, error)) (T, error) {
	p.mustLive()
	var none T
	noAnswer := errAway
	if place == "store" {
		noAnswer = errDisconnected
	}
	if left(ctx) <= 0 {
		return none, noAnswer
	}
	who := actorOf(ctx)
	f := p.shop.outcomeOf(who, place, what)
	arrive := func() (T, error) { return takeEffect(p.shop, who.name, place, what, about, effect) }
	if f.dies == diesBefore {
		p.dieSoon(f, who, what)
	}
	if f.requestLost {
		p.wait(ctx, f.back)
		return none, noAnswer
	}
	if f.dies == diesOnTheWay || f.out >= left(ctx) {
		p.shop.later(f.out, func() { _, _ = arrive() })
		if f.dies == diesOnTheWay {
			p.dieSoon(f, who, what)
		}
		p.wait(ctx, f.out)
		return none, noAnswer
	}
	time.Sleep(f.out)
	result, err := arrive()
	if f.again > 0 {
		p.shop.later(f.again, func() { _, _ = arrive() })
	}
	if f.dies == diesAfter {
		p.die(who, what)
	}
	if !p.wait(ctx, f.back) || f.answerLost {
		return none, noAnswer
	}
	return result, err
}

// dieSoon has a process die before the request arrives. It does not die at once, so that other work which it begins at the same moment
// may begin or not.
func (p *process) dieSoon(f outcome, who *actor, what string) {
	time.Sleep(min(f.out, fast) / 2)
	p.mustLive()
	p.die(who, what)
}

// takeEffect has a request take effect. Nothing else happens meanwhile, as in a transaction.
func takeEffect[T any](s *shop, who, place, what, about string, effect func() (T, error)) (T, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	result, err := effect()
	s.trace.add(who, what, about, err)
	if place != "store" {
		s.mustBeSound(about)
	}
	return result, err
}

// left is how long a caller still waits for an answer.
func left(ctx context.Context) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return time.Until(deadline)
	}
	return callTime
}

// wait has a caller wait for an answer and reports whether it still did when the answer came.
func (p *process) wait(ctx context.Context, d time.Duration) bool {
	patience := left(ctx)
	time.Sleep(min(d, patience))
	p.mustLive()
	return d < patience
}
