package bench

import (
	"fmt"
	"math"
)

// The bars were set for a machine of this speed: so many requests of the memory floor for each second of processor time. That of the
// driver is in it, because server and driver share a machine, and either can be the one that waits for the other.
const referenceSpeed = 14_500

// kind is which figure of a scenario a bar is about.
type kind int

const (
	perCPU    kind = iota // successful requests for each second of processor time; scaled
	ofFloor               // the ratio to the scenario's floor
	ofUniform             // requests a second, as a part of those of orders with uniform SKUs
	tail                  // p99 divided by p50; the only one that should be low
)

// bar is what a figure should reach.
type bar struct {
	kind  kind
	value float64
}

// bars are what the scenarios should reach.
var bars = map[string][]bar{
	detail:   {{ofFloor, 0.35}},
	asked:    {{ofFloor, 0.30}},
	list:     {{perCPU, 3000}},
	search:   {{perCPU, 800}},
	add:      {{perCPU, 700}},
	view:     {{perCPU, 1200}},
	order:    {{perCPU, 150}, {ofFloor, 0.30}},
	orderHot: {{ofUniform, 0.7}},
	mix:      {{perCPU, 1000}},
	orderAt:  {{tail, 5}},
}

// scaled returns the bar for a machine of that speed. Without one it is as it was set.
func (b bar) scaled(speed float64) bar {
	if b.kind == perCPU && speed > 0 {
		b.value *= speed / referenceSpeed
	}
	return b
}

// passes reports whether a figure reaches the bar. One that could not be measured does not.
func (b bar) passes(figure float64) bool {
	switch {
	case math.IsNaN(figure):
		return false
	case b.kind == tail:
		return figure <= b.value
	default:
		return figure >= b.value
	}
}

func (b bar) String() string {
	switch b.kind {
	case perCPU:
		return fmt.Sprintf("%.0f/CPU-s", b.value)
	case ofFloor:
		return fmt.Sprintf("%.2f of floor", b.value)
	case ofUniform:
		return fmt.Sprintf("%.2f of %s", b.value, order)
	default:
		return fmt.Sprintf("p99/p50 ≤ %.0f", b.value)
	}
}
