// Package balance chooses the instance of a service that handles a call. It is gRPC's load balancing policy souk_round_robin:
// the ready instances take turns, except two kinds, which get no calls for a while.
//
// Silent instances accept calls and answer none, for example because the process is paused or the network drops all packets.
// Their connections stay open, so every call to them would cost its caller the whole deadline until the connection is found
// dead.
//
// Outliers fail their calls while their peers answer theirs, for example after a bad release. As in Envoy and gRPC, finding
// them is called outlier detection, and sending them no calls is called ejection.
package balance

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
)

// Name is the policy's name in a service config.
const Name = "souk_round_robin"

func init() { balancer.Register(builder{}) }

// builder gives each connection a balancer with its own view of the instances.
type builder struct{}

// Name implements balancer.Builder.
func (builder) Name() string { return Name }

// Build implements balancer.Builder.
func (builder) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	f := &fleet{service: opts.Target.Endpoint()}
	open.add(f)
	return &closing{base.NewBalancerBuilder(Name, &pickers{fleet: f}, base.Config{HealthCheck: true}).Build(cc, opts), f}
}

// closing is a balancer that removes its fleet from the open fleets when its connection closes.
type closing struct {
	balancer.Balancer
	fleet *fleet
}

// Close implements balancer.Balancer.
func (c *closing) Close() {
	open.remove(c.fleet)
	c.Balancer.Close()
}

// pickers makes a new picker for one connection each time the set of ready instances changes.
type pickers struct {
	fleet *fleet
	known map[balancer.SubConn]*instance
}

// Build implements base.PickerBuilder. An instance keeps its record while it stays ready, and starts a new one after it was
// away.
func (p *pickers) Build(info base.PickerBuildInfo) balancer.Picker {
	known := make(map[balancer.SubConn]*instance, len(info.ReadySCs))
	all := make([]*instance, 0, len(info.ReadySCs))
	for conn, ready := range info.ReadySCs {
		one := p.known[conn]
		if one == nil {
			one = &instance{conn: conn, address: ready.Address.Addr}
		}
		known[conn] = one
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b *instance) int { return cmp.Compare(a.address, b.address) })
	p.known = known
	p.fleet.set(all)
	if len(all) == 0 {
		return base.NewErrPicker(balancer.ErrNoSubConnAvailable)
	}
	next := &picker{fleet: p.fleet, instances: all}
	next.turn.Store(rand.Uint64N(uint64(len(all)))) // a fixed start would send the first call after each change to the same instance
	return next
}

// picker gives the instances turns.
type picker struct {
	fleet     *fleet
	instances []*instance
	turn      atomic.Uint64
}

// Pick implements balancer.Picker. Only the instances in use take turns, so that the share of a skipped instance is spread over
// all the others. If every instance would be skipped, all are used.
func (p *picker) Pick(info balancer.PickInfo) (balancer.PickResult, error) {
	p.fleet.mu.Lock()
	defer p.fleet.mu.Unlock()
	a := &attempt{call: callOf(info), fleet: p.fleet, health: isHealth(info.FullMethodName), start: time.Now()}
	inUse := make([]*instance, 0, len(p.instances))
	for _, one := range p.instances {
		in, try := one.standing(a)
		if try {
			return one.send(a), nil
		}
		if in {
			inUse = append(inUse, one)
		}
	}
	if len(inUse) == 0 {
		inUse = p.instances
	}
	if fresh := a.call.notAsked(inUse); len(fresh) > 0 {
		inUse = fresh
	}
	return inUse[p.turn.Add(1)%uint64(len(inUse))].send(a), nil
}
