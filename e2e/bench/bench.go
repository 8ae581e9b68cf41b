// Package bench is responsible for measuring how fast the shop is, in figures that can be measured again: what each request
// takes, what it costs the processors, and how both compare with floors that are measured beside it.
package bench

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Plan says how thoroughly to measure.
type Plan struct {
	// Rounds is how often each scenario is measured; the rounds follow each other.
	Rounds int
	// WarmUp is not measured, and Length is.
	WarmUp, Length time.Duration
}

// The plans. Compared is for a shop that grows.
var (
	Full  = Plan{Rounds: 3, WarmUp: time.Second, Length: 5 * time.Second}
	Short = Plan{Rounds: 1, WarmUp: 500 * time.Millisecond, Length: 2500 * time.Millisecond}

	Compared = Plan{Rounds: 3, WarmUp: 500 * time.Millisecond, Length: 2500 * time.Millisecond}
)

func (p Plan) window() window { return window{warmUp: p.WarmUp, length: p.Length} }

// Bench measures a shop.
type Bench struct {
	Shop *Shop
	Plan Plan
	// Progress is told what is being measured.
	Progress func(string)

	runs     map[string][]Run
	oversold int64
}

// Measure measures everything, round by round.
func (b *Bench) Measure(ctx context.Context) (report *Report, failed error) {
	b.runs = map[string][]Run{}
	floors, err := openFloors(ctx, b.Shop)
	if err != nil {
		return nil, fmt.Errorf("open the floors: %w", err)
	}
	defer func() { failed = errors.Join(failed, floors.close(ctx)) }()
	for round := range b.Plan.Rounds {
		if err := b.Shop.SignIn(ctx); err != nil {
			return nil, err
		}
		b.Progress(fmt.Sprintf("round %d of %d", round+1, b.Plan.Rounds))
		if err := floors.measure(ctx, b); err != nil {
			return nil, err
		}
		for _, s := range Scenarios {
			b.Progress(s.Name)
			if err := b.measure(ctx, s); err != nil {
				return nil, fmt.Errorf("%s: %w", s.Name, err)
			}
		}
	}
	after, err := memory(b.Shop.Stack)
	if err != nil {
		return nil, err
	}
	report = newReport(b.runs, b.oversold)
	report.Memory = newMemory(b.Shop.idle, after)
	return report, nil
}

// measure measures a scenario in the closed loop. The orders are measured in the open loop as well.
func (b *Bench) measure(ctx context.Context, s Scenario) error {
	if s.Name == orderHot {
		return b.measureHot(ctx, s)
	}
	run, err := b.closed(ctx, s)
	if err := b.keep(s.Name, run, err); err != nil || s.Name != order {
		return err
	}
	b.Progress(orderAt)
	run, err = b.open(ctx, s, 0.7*run.rate())
	return b.keep(orderAt, run, err)
}

// closed runs a scenario in the closed loop.
func (b *Bench) closed(ctx context.Context, s Scenario) (Run, error) {
	if s.goods != nil {
		if err := b.fillCarts(ctx, s); err != nil {
			return Run{}, err
		}
	}
	return closedLoop(ctx, connections, b.Plan.window(), b.Shop.servers(), b.Shop.work(s))
}

// open runs a scenario in the open loop, at so many requests a second, for twice as long: the slowest of a hundred requests needs
// many of them.
func (b *Bench) open(ctx context.Context, s Scenario, rate float64) (Run, error) {
	w := window{warmUp: b.Plan.WarmUp, length: 2 * b.Plan.Length}
	if s.goods != nil {
		if err := b.Shop.fillCarts(ctx, s.goods, int(rate*(w.warmUp+w.length).Seconds())+probed); err != nil {
			return Run{}, err
		}
	}
	return openLoop(ctx, shoppersAtOnce, rate, w, b.Shop.servers(), b.Shop.work(s))
}

// keep adds a run, which has to be of use.
func (b *Bench) keep(name string, run Run, err error) error {
	if err == nil && run.Requests == 0 {
		err = fmt.Errorf("no request succeeded: %s", run.Error)
	}
	if err == nil {
		b.runs[name] = append(b.runs[name], run)
	}
	return err
}

// work has the shoppers do what the scenario is.
func (s *Shop) work(scenario Scenario) work {
	return func(ctx context.Context, worker int) error { return scenario.visit(s.shoppers[worker], ctx) }
}

// measureHot measures the orders of the one hot SKU, and compares how many were confirmed with what left the stock.
func (b *Bench) measureHot(ctx context.Context, s Scenario) error {
	hot := b.Shop.products[0].sku
	before, err := b.Shop.staff.Stock(ctx, hot)
	if err != nil {
		return err
	}
	confirmed := b.Shop.confirmed.Load()
	run, err := b.closed(ctx, s)
	if err := b.keep(s.Name, run, err); err != nil {
		return err
	}
	after, err := b.Shop.staff.Stock(ctx, hot)
	if err != nil {
		return err
	}
	sold := b.Shop.confirmed.Load() - confirmed
	b.oversold += max(0, sold-(before.OnHand-after.OnHand), -after.OnHand)
	return nil
}
