// Package balance is responsible for which instance of a service a call goes to: gRPC's load balancing policy
// souk_round_robin. It takes turns among the instances that are ready, and leaves alone one that has fallen silent: a process
// that is paused, or a network that swallows everything, keeps its connections, and every call to it would cost its caller
// the whole deadline until the connection is found dead.
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
	return base.NewBalancerBuilder(Name, &pickers{}, base.Config{HealthCheck: true}).Build(cc, opts)
}

// pickers makes the pickers of one connection, one after another: instances come and go.
type pickers struct {
	known map[balancer.SubConn]*instance
}

// Build implements base.PickerBuilder. An instance that stays ready stays as it is known; one that has been away is given
// a new chance.
func (p *pickers) Build(info base.PickerBuildInfo) balancer.Picker {
	if len(info.ReadySCs) == 0 {
		p.known = nil
		return base.NewErrPicker(balancer.ErrNoSubConnAvailable)
	}
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
	p.known = known
	slices.SortFunc(all, func(a, b *instance) int { return cmp.Compare(a.address, b.address) })
	next := &picker{instances: all}
	next.turn.Store(rand.Uint64N(uint64(len(all)))) // or each change would favor the same one
	return next
}

// picker takes turns.
type picker struct {
	instances []*instance
	turn      atomic.Uint64
}

// Pick implements balancer.Picker. Turns are taken among those that answer, so that what a silent one does not get is
// spread over all of them. When every instance has fallen silent, none is left alone.
func (p *picker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	now := time.Now()
	answering := make([]*instance, 0, len(p.instances))
	for _, one := range p.instances {
		answers, try := one.standing(now)
		if try {
			return one.result(now), nil
		}
		if answers {
			answering = append(answering, one)
		}
	}
	if len(answering) == 0 {
		answering = p.instances
	}
	return answering[p.turn.Add(1)%uint64(len(answering))].result(now), nil
}
