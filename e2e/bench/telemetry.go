package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"

	"souk/deploy/local/stack"
	"souk/deploy/observability"
	"souk/testkit/devserver"
)

const (
	// tracedRounds is how often each scenario is measured with traces and without, in turn.
	tracedRounds = 5
	// tracedBar is the least that requests per processor second may be with traces, compared with none.
	tracedBar = 0.90
	// tracedShare is the share of traces that are sent.
	tracedShare = "0.05"
)

// Traced compares a shop that sends traces to Jaeger with one that does not. Jaeger's own processor time is not counted.
func Traced(ctx context.Context, plan Plan, progress func(string), out io.Writer) (failed error) {
	dir, err := os.MkdirTemp("", "souk-jaeger-")
	if err != nil {
		return err
	}
	defer func() { failed = errors.Join(failed, os.RemoveAll(dir)) }()
	jaeger, err := startJaeger(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { failed = errors.Join(failed, jaeger.Stop(context.WithoutCancel(ctx))) }()
	var sides []*Bench
	for _, env := range []map[string][]string{nil, tracing(jaeger.OTLPAddr())} {
		progress(fmt.Sprintf("starting shop %d of 2", len(sides)+1))
		shop, err := Open(ctx, env)
		if err != nil {
			return err
		}
		defer func() { failed = errors.Join(failed, shop.Close(ctx)) }()
		sides = append(sides, &Bench{Shop: shop, Plan: plan, Progress: progress})
	}
	return compareTraced(ctx, sides, progress, out)
}

// startJaeger starts Jaeger on free ports, with its files in dir.
func startJaeger(ctx context.Context, dir string) (*devserver.Jaeger, error) {
	if err := observability.Write(dir); err != nil {
		return nil, err
	}
	return devserver.StartJaeger(ctx, devserver.JaegerConfig{
		Dir: filepath.Join(dir, "jaeger"), ConfigFile: filepath.Join(dir, observability.JaegerFile),
	})
}

// tracing is the environment of a shop that sends traces.
func tracing(collector string) map[string][]string {
	env := map[string][]string{}
	for _, part := range append([]string{stack.Gateway, plainGateway}, stack.Services...) {
		env[part] = []string{"SOUK_TRACES_URL=http://" + collector, "SOUK_TRACES_SAMPLE=" + tracedShare}
	}
	return env
}

// compareTraced measures both sides in turn and prints the ratios.
func compareTraced(ctx context.Context, sides []*Bench, progress func(string), out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	_, _ = fmt.Fprintf(table, "scenario\treq/CPU-s without\twith traces\tratio (min - max)\tbar\n")
	for _, name := range []string{detail, list, add, order, mix} {
		scenario, err := ScenarioOf(name)
		if err != nil {
			return err
		}
		var figures [2][]float64
		var ratios []float64
		for round := range tracedRounds {
			progress(fmt.Sprintf("%s, round %d of %d", name, round+1, tracedRounds))
			for i, side := range sides {
				figure, err := side.once(ctx, scenario)
				if err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				figures[i] = append(figures[i], figure)
			}
			ratios = append(ratios, figures[1][round]/figures[0][round])
		}
		ratio := figureOf(ratios)
		verdict := "pass"
		if ratio.Median < tracedBar {
			verdict = "short"
		}
		_, _ = fmt.Fprintf(table, "%s\t%.0f\t%.0f\t%.3f (%.3f - %.3f)\t%.2f %s\n",
			name, figureOf(figures[0]).Median, figureOf(figures[1]).Median, ratio.Median, ratio.Min, ratio.Max, tracedBar, verdict)
	}
	return table.Flush()
}

// once measures a scenario once, in successful requests per processor second.
func (b *Bench) once(ctx context.Context, s Scenario) (float64, error) {
	if err := b.Shop.SignIn(ctx); err != nil {
		return 0, err
	}
	run, err := b.closed(ctx, s)
	return run.perCPU(), err
}
