package overload

import (
	"testing"
	"time"
)

// bars are what the test asks for; in its short form so little that a busy machine passes.
type bars struct {
	step           time.Duration
	atFive, atTen  float64
	refusedWithin  time.Duration // 95 of a hundred
	recoversWithin time.Duration
}

func theBars() bars {
	if full() {
		return bars{step: 10 * time.Second, atFive: 0.9, atTen: 0.8, refusedWithin: 10 * time.Millisecond, recoversWithin: 10 * time.Second}
	}
	return bars{step: 2 * time.Second, atFive: 0.5, atTen: 0.3, refusedWithin: time.Second, recoversWithin: 10 * time.Second}
}

// rounds is how often it is tried: what disturbs a measurement only ever makes it worse, so that it has to hold once.
const rounds = 3

func TestMoreThanCanBeDoneLeavesWhatCanBeDone(t *testing.T) {
	s := apart(t)
	v := newVisitors(t, s.URL())
	v.visits(50, 2*time.Second) // until everything is warm
	bars := theBars()
	counted := 0
	for range rounds {
		capacity := v.capacity(t, bars.step)
		five, counts5 := v.times(t, 5, capacity, bars)
		ten, counts10 := v.times(t, 10, capacity, bars)
		if five && ten {
			return
		}
		if counts5 && counts10 {
			counted++
		}
	}
	if counted == 0 {
		t.Skip("this machine is too busy to measure on")
	}
	t.Error("with more to do than it can, the shop does less than it can")
}

// capacity is the most visits a second that are answered well, found by more and more of them.
func (v *visitors) capacity(t *testing.T, step time.Duration) float64 {
	t.Helper()
	most := 0.0
	for rate := 150.0; ; rate *= 1.5 {
		l := v.visits(rate, step)
		t.Logf("measured: %v", l)
		if most = max(most, l.goodput()); l.goodput() < 0.8*rate {
			return most
		}
	}
}

// times has n times as many visits as the shop can serve, and reports whether what it is to hold to held, and whether the
// machine was free enough for the figures to say something: afterwards it did what it could at first.
//
// An order takes as much of the services as ten looks at products, and goes first. With n times the orders the shop answers fewer
// requests without doing less. So the peak that the goodput is held against is what it does when as many buy as then, but only
// as many look as it can serve.
func (v *visitors) times(t *testing.T, n int, capacity float64, bars bars) (holds, counts bool) {
	t.Helper()
	buyers := &visitors{addr: v.addr, mix: v.mix.buying(n), patience: v.patience, idle: v.idle}
	peak := buyers.visits(capacity*float64(buyers.mix.all())/float64(v.mix.all()), bars.step)
	l := v.visits(float64(n)*capacity, bars.step)
	recovered := v.recovery(t, capacity/2, bars.recoversWithin)
	after := v.visits(capacity, bars.step)
	part := l.goodput() / peak.goodput()
	counts = after.goodput() >= 0.8*capacity
	t.Logf("measured: as many buyers, as many who look as can be served: %v", peak)
	t.Logf("measured: %d times capacity: goodput %.2f of that (%.2f of what it is with the usual buyers; afterwards %.2f), "+
		"back to normal within %v; counts: %v; %v", n, part, l.goodput()/capacity, after.goodput()/capacity, recovered, counts, l)
	least := map[int]float64{5: bars.atFive, 10: bars.atTen}[n]
	sells := l.success(buys) > l.success(browses)
	quick := l.percentile(.95, refused) <= bars.refusedWithin
	return part >= least && sells && quick && recovered <= bars.recoversWithin, counts
}

// recovery returns how long it takes afterwards until a second's visits are answered well, all but one in a hundred.
func (v *visitors) recovery(t *testing.T, rate float64, within time.Duration) time.Duration {
	t.Helper()
	start := time.Now()
	for time.Since(start) < 2*within {
		began := time.Since(start)
		if l := v.visits(rate, time.Second); float64(l.count(good)) >= 0.99*float64(len(l.answers)) {
			return began.Round(time.Millisecond)
		}
	}
	return time.Since(start).Round(time.Millisecond)
}
