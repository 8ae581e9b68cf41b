package simulation

import (
	"slices"
	"time"
)

// places are where faults happen: the services that orders calls, and its own database.
var places = []string{"carts", "catalog", "customers", "inventory", "payments", "shipping", "store"}

// faults are the kinds of faults that a simulation has, and how often each happens. Each seed has some kinds and not others, because
// where everything fails at once most orders fail at their first steps.
type faults struct {
	lostRequests float64       // the request never arrives
	lostAnswers  float64       // it arrives, and nobody learns what came of it
	late         float64       // it arrives long after its caller gave up
	twice        float64       // it arrives again, later
	deaths       float64       // the process dies around the call
	bank         float64       // the payment provider's answer is lost
	happenings   float64       // something happens to an order's money at the payment provider, each few seconds
	doubles      bool          // orders are moved on by several at once
	slow         time.Duration // the most that a request or an answer normally takes
	until        time.Duration
	outages      []outage
	restored     []time.Duration // when shipping's database was restored
	refusals     []span          // when shipping refuses to book parcels
}

// span is a while.
type span struct{ from, to time.Duration }

func (s span) has(at time.Duration) bool { return s.from <= at && at < s.to }

// outage is a place that is away for a while.
type outage struct {
	span
	place string
}

// faultTime is how long there are faults. Afterwards all work must come to its end.
const faultTime = 75 * time.Second

// drawFaults draws the faults of a simulation.
func drawFaults(d dice) faults {
	rate := func() float64 { return one(d, 0, 0, 0.01, 0.05, 0.15) }
	w := faults{
		lostRequests: rate(), lostAnswers: rate(), late: rate(), twice: rate(), bank: rate(),
		deaths:     one(d, 0, 0, 0.003, 0.01, 0.03),
		doubles:    d.chance(0.5),
		happenings: one(d, 0, 0.3, 1),
		slow:       one(d, fast, 100*time.Millisecond, 600*time.Millisecond),
		until:      faultTime,
	}
	while := func() span {
		from := d.between(0, 50*time.Second)
		return span{from, from + d.between(time.Second, 25*time.Second)}
	}
	for range d.IntN(4) {
		w.outages = append(w.outages, outage{while(), one(d, places...)})
	}
	for range one(d, 0, 0, 1, 2) {
		w.restored = append(w.restored, d.between(0, faultTime))
	}
	for range one(d, 0, 1, 2) {
		w.refusals = append(w.refusals, while())
	}
	return w
}

// fast is the most that a request or an answer takes without faults.
const fast = 10 * time.Millisecond

// noFaults is a simulation in which nothing fails.
var noFaults = faults{}

// away reports whether a place is away at a time.
func (w faults) away(place string, at time.Duration) bool {
	for _, o := range w.outages {
		if o.place == place && o.has(at) {
			return true
		}
	}
	return false
}

// refuses reports whether shipping refuses to book parcels at a time.
func (w faults) refuses(at time.Duration) bool {
	return slices.ContainsFunc(w.refusals, func(s span) bool { return s.has(at) })
}

// death is where a process dies around a call.
type death int

const (
	survives death = iota
	diesBefore
	diesOnTheWay // the request is sent
	diesAfter    // it has taken effect
)

// outcome is what becomes of a call.
type outcome struct {
	out, back   time.Duration // how long the request and the answer take
	requestLost bool
	answerLost  bool
	again       time.Duration // after its effect the request arrives once more, unless this is 0
	dies        death
}

// The longest that a request may be under way. Of a transaction only its commit can still be under way
// when its caller gives up.
const (
	latest      = 30 * time.Second
	latestStore = time.Second
)

// outcome draws what becomes of a call to a place.
func (w faults) outcome(d dice, place string, at time.Duration) outcome {
	normal := fast
	if at < w.until {
		normal = w.slow
	}
	f := outcome{out: d.between(fast/100, normal), back: d.between(fast/100, normal)}
	if at >= w.until {
		return f
	}
	if w.away(place, at) {
		f.requestLost = true
		return f
	}
	f.requestLost, f.answerLost = d.chance(w.lostRequests), d.chance(w.lostAnswers)
	slowest := latest
	if place == "store" {
		slowest = latestStore
	} else if d.chance(w.twice) {
		f.again = d.between(time.Millisecond, latest)
	}
	if d.chance(w.late) {
		f.out = d.between(10*time.Millisecond, slowest)
	}
	if f.requestLost || f.answerLost || d.chance(w.late) { // a caller may have to wait before it knows
		f.back = d.between(time.Millisecond, 8*time.Second)
	}
	if d.chance(w.deaths) {
		f.dies = one(d, diesBefore, diesOnTheWay, diesAfter)
	}
	return f
}
