package simulation

import (
	"context"
	"fmt"
	"time"

	"souk/services/orders/internal/order"
)

// The times of saga.FinishDue.
const (
	dueEvery  = time.Second
	dueTime   = 8 * time.Second
	dueLease  = 10 * time.Second
	leastWait = time.Second
	mostWait  = 15 * time.Second
)

// schedule makes an order that has come to have work due some time later, and one that has none left no longer due.
func (r *row) schedule(saved order.Order, dueAfter time.Duration) {
	switch hasWork := saved.Task() != order.TaskNone; {
	case !hasWork:
		r.due = time.Time{}
	case r.due.IsZero():
		r.due = time.Now().Add(dueAfter)
	}
}

// claimDue returns the orders that are due. They are due again after their lease.
func (s *store) claimDue() []claim {
	var claimed []claim
	now := time.Now()
	for i, id := range s.ids {
		r := s.rows[id]
		if r.due.IsZero() || r.due.After(now) {
			continue
		}
		r.due = now.Add(dueLease)
		r.claims++
		claimed = append(claimed, claim{id: id, changedAt: r.ChangedAt, name: fmt.Sprintf("order %d claim %d", i+1, r.claims)})
	}
	return claimed
}

// claim is an order that a process is to finish.
type claim struct {
	id        string
	changedAt time.Time
	// name says which claim of which order it is. The id does not depend on the seed.
	name string
}

// postpone makes an order that has work left due after a while.
func (s *store) postpone(id string, wait time.Duration) {
	if r := s.rows[id]; !r.due.IsZero() {
		r.due = time.Now().Add(wait)
	}
}

// finishDue finishes the orders that are due, for as long as the process lives.
func (p *process) finishDue(offset time.Duration) {
	time.Sleep(offset)
	for p.shop.open() {
		p.mustLive()
		for _, claimed := range p.claimDue() {
			p.spawn("due order", func() { p.finish(claimed) })
		}
		time.Sleep(dueEvery)
	}
}

func (p *process) claimDue() []claim {
	p.shop.mu.Lock()
	defer p.shop.mu.Unlock()
	if p.shop.faults.away("store", p.shop.age()) {
		return nil
	}
	return p.shop.store.claimDue()
}

func (p *process) finish(c claim) {
	who := newActor(p.shop.seed, p.name+" "+c.name)
	// Orders that are claimed together do not start at the very same moment.
	time.Sleep(who.dice("start").between(0, 10*time.Millisecond))
	ctx, cancel := context.WithTimeout(withActor(context.Background(), who), dueTime)
	defer cancel()
	err := p.Advance(ctx, c.id)
	p.mustLive()
	if err == nil {
		return
	}
	p.shop.mu.Lock()
	defer p.shop.mu.Unlock()
	if p.shop.faults.away("store", p.shop.age()) {
		return // the order waits for the end of its lease
	}
	p.shop.store.postpone(c.id, min(max(time.Since(c.changedAt)/8, leastWait), mostWait))
}
