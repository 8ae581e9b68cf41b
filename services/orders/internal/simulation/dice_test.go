package simulation

import (
	"context"
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"time"
)

// actor does one thing after the other: it is a request, or work on an order that is due. Its draws depend on the seed, on its name and
// on its own earlier draws alone. So goroutines that run at the same moment do not change each other's draws.
type actor struct {
	name string
	seed uint64
	mu   sync.Mutex
	uses map[string]uint64
}

func newActor(seed uint64, name string) *actor {
	return &actor{name: name, seed: seed, uses: map[string]uint64{}}
}

// dice returns the random numbers for the next time that the actor does what.
func (a *actor) dice(what string) dice {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.uses[what]++
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(a.name))
	_, _ = hash.Write([]byte{0})
	_, _ = hash.Write([]byte(what))
	return dice{rand.New(rand.NewPCG(a.seed, hash.Sum64()+a.uses[what]<<32))}
}

type actorKey struct{}

func withActor(ctx context.Context, a *actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

func actorOf(ctx context.Context) *actor {
	return ctx.Value(actorKey{}).(*actor)
}

// dice are random numbers.
type dice struct{ *rand.Rand }

// chance is true with probability p.
func (d dice) chance(p float64) bool {
	return p > 0 && d.Float64() < p
}

// between returns a time from least up to most. It is exact to the nanosecond, so that no two events are at the same moment.
func (d dice) between(least, most time.Duration) time.Duration {
	return least + time.Duration(d.Int64N(int64(most-least)))
}

// one returns one of the choices.
func one[T any](d dice, choices ...T) T {
	return choices[d.IntN(len(choices))]
}
