// Command replay replays real invoices through the REST API, returns included, and reconciles the shop's books with them.
//
//	DAY=FILE replay
//	DAY=FOLDER replay
//
// A folder is all its files, in the order of their names. With CHAOS=SEED something in the shop is killed or paused every two
// seconds for the first five minutes, by the schedule of that seed. It starts a shop of its own, unless SOUK_URL names one that
// runs; then SOUK_STAFF_EMAIL and SOUK_STAFF_PASSWORD log in.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"souk/deploy/local/stack"
	"souk/e2e/faultplan"
	"souk/e2e/replay"
	"souk/e2e/shop"
	"souk/e2e/testshop"
)

func main() {
	if err := start(); err != nil {
		fmt.Fprintln(os.Stderr, "replay:", err)
		os.Exit(1)
	}
}

func start() (failed error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	books, err := replay.ReadPath(os.Getenv("DAY"))
	if err != nil {
		return fmt.Errorf("DAY must name a file of invoices, or a folder of them: %w", err)
	}
	target := target{url: os.Getenv("SOUK_URL"), email: os.Getenv("SOUK_STAFF_EMAIL"), password: os.Getenv("SOUK_STAFF_PASSWORD")}
	faults := func(context.Context) error { return nil }
	if target.url == "" {
		s, stop, err := startShop(ctx)
		if err != nil {
			return err
		}
		defer func() { failed = errors.Join(failed, stop()) }()
		target.url, target.email, target.password = s.URL(), s.StaffEmail(), s.StaffPassword()
		if seed, err := strconv.ParseUint(os.Getenv("CHAOS"), 10, 64); err == nil {
			faults = func(ctx context.Context) error { return runFaults(ctx, s, seed) }
		}
	}
	return run(ctx, books, target, faults)
}

// target is the shop that the invoices are replayed in.
type target struct {
	url, email, password string
}

func run(ctx context.Context, books *replay.Books, t target, faults func(context.Context) error) error {
	start := time.Now()
	progress := func(step string) { fmt.Printf("%6.1fs  %s\n", time.Since(start).Seconds(), step) }
	r := &replay.Replay{Books: books, Shop: shop.New(t.url), StaffEmail: t.email, StaffPassword: t.password, Progress: progress}
	if err := r.Prepare(ctx); err != nil {
		return err
	}
	if err := runBeside(ctx, r, faults); err != nil {
		return err
	}
	report, err := r.Reconcile(ctx)
	if err != nil {
		return err
	}
	progress("reconciled")
	if err := report.Print(os.Stdout); err != nil {
		return err
	}
	if !report.OK() {
		return errors.New("the books do not agree")
	}
	return nil
}

// runBeside runs the replay, and faults beside it until it ends.
func runBeside(ctx context.Context, r *replay.Replay, faults func(context.Context) error) error {
	during, stop := context.WithCancel(ctx)
	var beside errgroup.Group
	beside.Go(func() error { return faults(during) })
	err := r.Run(ctx)
	stop()
	return errors.Join(err, beside.Wait())
}

// faultsFor is how long there are faults, if the replay takes as long.
const faultsFor = 5 * time.Minute

// runFaults kills and pauses parts of the shop until ctx is done. What ends by itself is started again.
func runFaults(ctx context.Context, s *testshop.Shop, seed uint64) error {
	var supervisor sync.WaitGroup
	supervised, stop := context.WithCancel(context.WithoutCancel(ctx))
	supervisor.Go(func() { s.Supervise(supervised) })
	plan := faultplan.New(seed, faultsFor, s.Parts())
	applied, err := plan.Run(ctx, s, func(string, ...any) {})
	stop()
	supervisor.Wait()
	kills := plan[:applied].Kills()
	fmt.Printf("%d kills and %d pauses, of seed %d\n", kills, applied-kills, seed)
	return err
}

// startShop starts a shop on free ports, with data that ends with it.
func startShop(ctx context.Context) (*testshop.Shop, func() error, error) {
	fmt.Println("starting a shop for the replay")
	return testshop.Start(ctx, stack.Config{Env: []string{"SOUK_RATE_LIMITS=off", "SOUK_SHIPPING_TRANSIT=1s"}})
}
