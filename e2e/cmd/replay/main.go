// Command replay replays a day of real invoices through the REST API and reconciles the shop's books with them.
//
//	DAY=FILE replay
//
// It starts a shop of its own, unless SOUK_URL names one that runs; then SOUK_STAFF_EMAIL and SOUK_STAFF_PASSWORD log in.
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

	"souk/deploy/local/stack"
	"souk/e2e/replay"
	"souk/e2e/shop"
	"souk/platform/devserver"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "replay:", err)
		os.Exit(1)
	}
}

func run() (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	file, err := os.Open(os.Getenv("DAY"))
	if err != nil {
		return fmt.Errorf("DAY must name a file of invoices: %w", err)
	}
	defer func() { _ = file.Close() }()
	day, err := replay.Read(file)
	if err != nil {
		return err
	}
	target := target{url: os.Getenv("SOUK_URL"), email: os.Getenv("SOUK_STAFF_EMAIL"), password: os.Getenv("SOUK_STAFF_PASSWORD")}
	if target.url == "" {
		var stop func() error
		if target, stop, err = startShop(ctx); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, stop()) }()
	}
	return replayDay(ctx, day, target)
}

// target is the shop that the day is replayed in.
type target struct {
	url, email, password string
}

func replayDay(ctx context.Context, day *replay.Day, t target) error {
	client := shop.New(t.url)
	staff, _, err := client.Login(ctx, t.email, t.password)
	if err != nil {
		return fmt.Errorf("log in as staff: %w", err)
	}
	start := time.Now()
	progress := func(step string) { fmt.Printf("%6.1fs  %s\n", time.Since(start).Seconds(), step) }
	r := &replay.Replay{Day: day, Shop: client, Staff: staff, Progress: progress}
	if err := r.Run(ctx); err != nil {
		return err
	}
	// A long day outlives an access token.
	if r.Staff, _, err = client.Login(ctx, t.email, t.password); err != nil {
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

// startShop starts a shop on free ports, with data that ends with it.
func startShop(ctx context.Context) (target, func() error, error) {
	root, err := devserver.RepoRoot()
	if err != nil {
		return target{}, nil, err
	}
	bin := filepath.Join(root, ".souk", "bin")
	fmt.Println("starting a shop for the replay")
	if err := stack.Build(ctx, root, bin); err != nil {
		return target{}, nil, err
	}
	s, cleanup, err := stack.StartTemporary(ctx, bin, "SOUK_RATE_LIMITS=off")
	if err != nil {
		return target{}, nil, err
	}
	return target{url: s.URL(), email: s.StaffEmail(), password: s.StaffPassword()}, cleanup, nil
}
