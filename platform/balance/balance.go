// Package balance is responsible for which instance of a service a call goes to: gRPC's load balancing policy
// souk_round_robin. It takes turns among the instances that are ready, and leaves two kinds of them alone for a while.
//
// One has fallen silent: a process that is paused, or a network that swallows everything, keeps its connections, and every
// call to it would cost its caller the whole deadline until the connection is found dead.
//
// The other is an outlier: its calls fail and those of its peers do not, as after a bad release. Envoy and gRPC call the
// search for it outlier detection, and leaving it alone ejection.
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

// builder gives each connection a balancer that knows its own instances.
type builder struct{}

// Name implements balancer.Builder.
func (builder) Name() string { return Name }

// Build implements balancer.Builder.
func (builder) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	f := &fleet{service: opts.Target.Endpoint()}
	open.add(f)
	return &closing{base.NewBalancerBuilder(Name, &pickers{fleet: f}, base.Config{HealthCheck: true}).Build(cc, opts), f}
}

// closing is a balancer whose fleet is forgotten when its connection is closed.
type closing struct {
	balancer.Balancer
	fleet *fleet
}

// Close implements balancer.Balancer.
func (c *closing) Close() {
	open.remove(c.fleet)
	c.Balancer.Close()
}

// pickers makes the pickers of one connection, one after another: instances come and go.
type pickers struct {
	fleet *fleet
	known map[balancer.SubConn]*instance
}

// Build implements base.PickerBuilder. What is known of an instance is kept for as long as it stays ready; one that has been
// away starts anew.
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
	next.turn.Store(rand.Uint64N(uint64(len(all)))) // or each change would favor the same one
	return next
}

// picker takes turns.
type picker struct {
	fleet     *fleet
	instances []*instance
	turn      atomic.Uint64
}

// Pick implements balancer.Picker. Turns are taken among the instances in use, so that the share of one that is left alone
// is spread over all of them. When every instance would be left alone, none is.
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
