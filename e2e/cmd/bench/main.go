// Command bench measures how fast the shop is.
//
//	bench            prints a table; with BENCH=short each figure is measured once and briefly
//	bench check      prints the table, and fails when the shop has become much dearer than e2e/bench/recorded.json says
//	bench chart      draws docs/performance-latency.svg and docs/performance-cost.svg
//	bench traced     compares a shop that sends traces with one that does not
//	bench against C  compares it with the shop of another commit C
//	bench growth     compares a shop that has grown with one that has not; with GROWTH=small to a hundredth of the size, with
//	                 GROWTH=products only its catalog, with TITLES=FOLDER the same with the titles in a folder of invoices
//	bench profile    profiles every Go process while SCENARIO runs
//
// It starts a shop of its own. The figures also go to .souk/bench, as JSON, and the profiles to .souk/profile.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"souk/e2e/bench"
	"souk/testkit/devserver"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	root, err := devserver.RepoRoot()
	if err != nil {
		return err
	}
	switch {
	case len(args) == 0:
		_, err := measure(ctx, root)
		return err
	case args[0] == "check":
		report, err := measure(ctx, root)
		if err != nil {
			return err
		}
		return report.Check(filepath.Join(root, "e2e", "bench", "recorded.json"))
	case args[0] == "chart":
		return withShop(ctx, nil, func(b *bench.Bench) error { return b.Chart(ctx, filepath.Join(root, "docs")) })
	case args[0] == "traced":
		return bench.Traced(ctx, bench.Short, newProgress(), os.Stdout)
	case args[0] == "against" && len(args) == 2:
		return bench.Against(ctx, root, args[1], bench.Short, newProgress(), os.Stdout)
	case args[0] == "growth":
		return grow(ctx, root)
	case args[0] == "profile":
		return profile(ctx, root, os.Getenv("SCENARIO"))
	case args[0] == bench.FloorCommand && len(args) == 2:
		return bench.ServeFloors(ctx, args[1])
	}
	return fmt.Errorf("bench %s: there are only check, chart, traced, against COMMIT, growth and profile", args[0])
}

// withShop starts a shop with goods, partEnv added to the environment of its parts, and has it measured.
func withShop(ctx context.Context, partEnv map[string][]string, do func(*bench.Bench) error) (failed error) {
	progress := newProgress()
	progress("starting a shop with 1,000 products")
	shop, err := bench.Open(ctx, bench.Options{PartEnv: partEnv})
	if err != nil {
		return err
	}
	defer func() { failed = errors.Join(failed, shop.Close(ctx)) }()
	return do(&bench.Bench{Shop: shop, Plan: plan(), Progress: progress})
}

func newProgress() func(step string) {
	start := time.Now()
	return func(step string) { fmt.Printf("%6.1fs  %s\n", time.Since(start).Seconds(), step) }
}

func plan() bench.Plan {
	if os.Getenv("BENCH") == "short" {
		return bench.Short
	}
	return bench.Full
}

func measure(ctx context.Context, root string) (report *bench.Report, err error) {
	err = withShop(ctx, nil, func(b *bench.Bench) error {
		if report, err = b.Measure(ctx); err != nil {
			return err
		}
		path, err := report.Save(filepath.Join(root, ".souk", "bench"))
		if err != nil {
			return err
		}
		b.Progress("the figures are in " + path)
		fmt.Println()
		return report.Print(os.Stdout)
	})
	return report, err
}

func profile(ctx context.Context, root, name string) error {
	scenario, err := bench.ScenarioOf(name)
	if err != nil {
		return err
	}
	ports, err := bench.NewAdminPorts()
	if err != nil {
		return err
	}
	dir := filepath.Join(root, ".souk", "profile", name)
	return withShop(ctx, ports.Env(), func(b *bench.Bench) error {
		b.Progress("profiling " + name)
		if err := b.Profile(ctx, scenario, ports, dir); err != nil {
			return err
		}
		b.Progress(fmt.Sprintf("done; now: go tool pprof -top %s/*.cpu.pb.gz, or -http=: %s/gateway.cpu.pb.gz", dir, dir))
		return nil
	})
}

// grow starts two shops beside each other, loads data into one, and compares them.
func grow(ctx context.Context, root string) (failed error) {
	progress := newProgress()
	progress("starting two shops with 1,000 products")
	g := &bench.Growth{Sizes: bench.Grown, Plan: bench.Compared, Progress: progress}
	switch os.Getenv("GROWTH") {
	case "small":
		g.Sizes = bench.Trial
	case "products":
		g.OnlyProducts = true
	}
	var titles []string
	if folder := os.Getenv("TITLES"); folder != "" {
		var err error
		if titles, err = bench.ReadTitles(folder); err != nil {
			return err
		}
	}
	for _, shop := range []**bench.Shop{&g.Small, &g.Large} {
		opened, err := bench.Open(ctx, bench.Options{PartEnv: bench.GrowthEnv, Titles: titles})
		if err != nil {
			return err
		}
		defer func() { failed = errors.Join(failed, opened.Close(ctx)) }()
		*shop = opened
	}
	report, err := g.Measure(ctx)
	if report == nil || len(report.Comparisons) == 0 {
		return err
	}
	path, saveErr := report.Save(filepath.Join(root, ".souk", "bench"))
	if saveErr == nil {
		progress("the figures are in " + path)
	}
	fmt.Println()
	return errors.Join(err, saveErr, report.Print(os.Stdout))
}
