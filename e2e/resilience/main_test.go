// Package resilience tests what shoppers get while something that the shop depends on is slow, down or wrong: the table of
// docs/resilience.md, cell by cell, and what keeps one failing service from taking the others along.
package resilience

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"souk/deploy/local/stack"
	"souk/platform/devserver"
)

var root, binDir string

func TestMain(m *testing.M) {
	var err error
	if root, err = devserver.RepoRoot(); err == nil {
		binDir, err = stack.BuildHere(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "build the shop:", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// full reports whether the long forms of the tests are asked for.
func full() bool { return os.Getenv("SOUK_CHAOS") == "full" }

// healsWithin is how long after a fault is mended all is well again, and what was promised is done.
const healsWithin = 30 * time.Second

// until tries a condition until it holds, or returns why it does not within the time in which the shop heals.
func until(ctx context.Context, condition func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, healsWithin)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	var err error
	for {
		latest := condition(ctx)
		if latest == nil {
			return nil
		}
		if err == nil || ctx.Err() == nil { // not that there was no more time to look
			err = latest
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not within %v: %w", healsWithin, err)
		case <-tick.C:
		}
	}
}
