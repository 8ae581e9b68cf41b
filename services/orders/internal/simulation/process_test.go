package simulation

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"souk/services/orders/internal/feed"
	"souk/services/orders/internal/orders"
	"souk/services/orders/internal/peerstest"
)

// How often a process follows parcels here, where most looks would find nothing.
const followEvery = 4 * feed.Every

// replica is a place where processes of orders run, one after the other.
type replica struct {
	name string
	shop *shop
	runs *process // nil while nobody does
	life int      // how many processes have run
	dice *actor
}

// process is one life of a replica. When it dies, everything it was doing ends where it stands.
type process struct {
	*orders.Service
	shop    *shop
	replica *replica
	name    string
	dead    bool
}

// born starts a process that does only what it is asked to.
func (r *replica) born() *process {
	r.shop.mu.Lock()
	defer r.shop.mu.Unlock()
	r.life++
	p := &process{shop: r.shop, replica: r, name: fmt.Sprintf("%s.%d", r.name, r.life)}
	p.Service = orders.New(&database{p}, p.shop.Peers(p.carry), r.shop.settings, slog.New(slog.DiscardHandler))
	r.runs = p
	r.shop.trace.add(p.name, "starts", "", nil)
	return p
}

// carry carries a call of another service over the network.
func (p *process) carry(ctx context.Context, c peerstest.Call, effect func() (any, error)) (any, error) {
	return call(ctx, p, c.Service, c.Name, c.About, effect)
}

// start starts a process with all that it does by itself.
func (r *replica) start() {
	p := r.born()
	offset := r.dice.dice("offset")
	due, deliveries, payments := offset.between(0, time.Second), offset.between(0, followEvery), offset.between(0, followEvery)
	p.spawn("due orders", func() { p.finishDue(due) })
	p.spawn("deliveries", func() { p.follow("parcels", deliveries, p.FollowParcels) })
	p.spawn("payments", func() { p.follow("payments", payments, p.FollowPayments) })
}

// spawn runs work in the process. What the real process would survive as a panic is a failure here.
func (p *process) spawn(name string, work func()) {
	go func() {
		defer func() {
			if v := recover(); v != nil {
				p.shop.failf("%s: %s panicked: %v", p.name, name, v)
			}
		}()
		work()
	}()
}

// mustLive ends the goroutine if its process is dead.
func (p *process) mustLive() {
	p.shop.mu.Lock()
	dead := p.dead
	p.shop.mu.Unlock()
	if dead {
		runtime.Goexit()
	}
}

// die ends the process and, with it, the goroutine that calls. Another process starts after a while.
func (p *process) die(who *actor, what string) {
	p.shop.mu.Lock()
	if !p.dead {
		p.dead = true
		p.replica.runs = nil
		p.shop.trace.add(p.name, "dies", who.name+" "+what, nil)
		pause := p.replica.dice.dice("restart").between(500*time.Millisecond, 15*time.Second)
		p.shop.later(pause, p.replica.start)
	}
	p.shop.mu.Unlock()
	runtime.Goexit()
}

// alive returns the process that runs at a replica, or nil.
func (r *replica) alive() *process {
	r.shop.mu.Lock()
	defer r.shop.mu.Unlock()
	return r.runs
}

// follow follows a feed for as long as the process lives.
func (p *process) follow(name string, offset time.Duration, follow func(context.Context) error) {
	time.Sleep(offset)
	for n := 0; p.shop.open(); n++ {
		p.mustLive()
		ctx := withActor(context.Background(), newActor(p.shop.seed, fmt.Sprintf("%s follow %s %d", p.name, name, n)))
		_ = follow(ctx) // it will be tried again
		time.Sleep(followEvery)
	}
}
