package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
)

// turnRounds is how often each scenario is measured in both shops, in turn. It is even, so that each shop goes first equally often.
const turnRounds = 6

// turns compares two shops that run at the same time. They are measured in turn, so that other work on the machine slows both down.
type turns struct {
	// Names are what the table calls the two shops.
	Names [2]string
	// Bar is the least that requests per processor second may be in the second shop, compared with the first.
	Bar      float64
	Plan     Plan
	Progress func(string)
}

// compare opens both shops, measures them, and prints the ratios.
func (t turns) compare(ctx context.Context, options [2]Options, out io.Writer) (failed error) {
	var sides [2]*Bench
	for i, o := range options {
		t.Progress(fmt.Sprintf("starting shop %d of 2", i+1))
		shop, err := Open(ctx, o)
		if err != nil {
			return err
		}
		defer func() { failed = errors.Join(failed, shop.Close(ctx)) }()
		sides[i] = &Bench{Shop: shop, Plan: t.Plan, Progress: t.Progress}
	}
	table := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	_, _ = fmt.Fprintf(table, "scenario\treq/CPU-s %s\t%s\tratio (min - max)\tbar\n", t.Names[0], t.Names[1]) // Flush has the error
	for _, name := range []string{detail, list, add, order, mix} {
		if err := t.row(ctx, name, sides, table); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return table.Flush()
}

// row measures a scenario in both shops and adds a line to the table.
func (t turns) row(ctx context.Context, name string, sides [2]*Bench, table io.Writer) error {
	scenario, err := ScenarioOf(name)
	if err != nil {
		return err
	}
	var figures [2][]float64
	var ratios []float64
	for round := range turnRounds {
		t.Progress(fmt.Sprintf("%s, round %d of %d", name, round+1, turnRounds))
		first := round % 2
		for _, i := range []int{first, 1 - first} {
			figure, err := sides[i].once(ctx, scenario)
			if err != nil {
				return err
			}
			figures[i] = append(figures[i], figure)
		}
		ratios = append(ratios, figures[1][round]/figures[0][round])
	}
	ratio := figureOf(ratios)
	verdict := "pass"
	if ratio.Median < t.Bar {
		verdict = "short"
	}
	_, err = fmt.Fprintf(table, "%s\t%.0f\t%.0f\t%.3f (%.3f - %.3f)\t%.2f %s\n",
		name, figureOf(figures[0]).Median, figureOf(figures[1]).Median, ratio.Median, ratio.Min, ratio.Max, t.Bar, verdict)
	return err
}

// once measures a scenario once, in successful requests per processor second.
func (b *Bench) once(ctx context.Context, s Scenario) (float64, error) {
	if err := b.Shop.SignIn(ctx); err != nil {
		return 0, err
	}
	run, err := b.closed(ctx, s)
	return run.perCPU(), err
}
