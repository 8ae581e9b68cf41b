// Command bench measures how fast the shop is, and prints a table.
//
//	bench
//
// It starts a shop of its own. With BENCH=short it measures everything once and briefly. The figures also go to .souk/bench, as
// JSON.
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
	"souk/platform/devserver"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if len(os.Args) == 3 && os.Args[1] == bench.FloorCommand {
		return bench.ServeFloors(ctx, os.Args[2])
	}
	return measure(ctx)
}

func measure(ctx context.Context) (failed error) {
	root, err := devserver.RepoRoot()
	if err != nil {
		return err
	}
	start := time.Now()
	progress := func(step string) { fmt.Printf("%6.1fs  %s\n", time.Since(start).Seconds(), step) }
	progress("starting a shop with 1,000 products")
	shop, err := bench.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { failed = errors.Join(failed, shop.Close(ctx)) }()
	b := bench.Bench{Shop: shop, Plan: plan(), Progress: progress}
	report, err := b.Measure(ctx)
	if err != nil {
		return err
	}
	path, err := report.Save(filepath.Join(root, ".souk", "bench"))
	if err != nil {
		return err
	}
	progress("measured; the figures are in " + path)
	fmt.Println()
	return report.Print(os.Stdout)
}

func plan() bench.Plan {
	if os.Getenv("BENCH") == "short" {
		return bench.Short
	}
	return bench.Full
}
