// Command replay replays real invoices through the REST API, returns included, and reconciles the shop's books with them.
//
//	DAY=FILE replay
//	DAY=FOLDER replay
//
// A folder is all its files, in the order of their names. It starts a shop of its own, unless SOUK_URL names one that
// runs; then SOUK_STAFF_EMAIL and SOUK_STAFF_PASSWORD log in.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
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
	if err := start(); err != nil {
		fmt.Fprintln(os.Stderr, "replay:", err)
		os.Exit(1)
	}
}

func start() (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	books, err := read(os.Getenv("DAY"))
	if err != nil {
		return fmt.Errorf("DAY must name a file of invoices, or a folder of them: %w", err)
	}
	target := target{url: os.Getenv("SOUK_URL"), email: os.Getenv("SOUK_STAFF_EMAIL"), password: os.Getenv("SOUK_STAFF_PASSWORD")}
	if target.url == "" {
		var stop func() error
		if target, stop, err = startShop(ctx); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, stop()) }()
	}
	return run(ctx, books, target)
}

// read reads a file, or all files of a folder in the order of their names.
func read(path string) (*replay.Books, error) {
	names := []string{path}
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if info.IsDir() {
		if names, err = filepath.Glob(filepath.Join(path, "*.csv")); err != nil {
			return nil, err
		}
	}
	var files []io.Reader
	for _, name := range names {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		files = append(files, file)
	}
	return replay.Read(files...)
}

// target is the shop that the invoices are replayed in.
type target struct {
	url, email, password string
}

func run(ctx context.Context, books *replay.Books, t target) error {
	start := time.Now()
	progress := func(step string) { fmt.Printf("%6.1fs  %s\n", time.Since(start).Seconds(), step) }
	r := &replay.Replay{Books: books, Shop: shop.New(t.url), StaffEmail: t.email, StaffPassword: t.password, Progress: progress}
	if err := r.Prepare(ctx); err != nil {
		return err
	}
	if err := r.Run(ctx); err != nil {
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
	s, cleanup, err := stack.StartTemporary(ctx, bin, "SOUK_RATE_LIMITS=off", "SOUK_SHIPPING_TRANSIT=1s")
	if err != nil {
		return target{}, nil, err
	}
	return target{url: s.URL(), email: s.StaffEmail(), password: s.StaffPassword()}, cleanup, nil
}
