// Package outage retries work while a dependency is down: later each time, and at random moments.
package outage

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"
)

// Backoff computes the waits after several failures in a row. They double from First to Most. Each is shortened by a random
// part, up to half of it, so that processes which failed together do not retry together.
type Backoff struct {
	First, Most time.Duration
	last        time.Duration
}

// Next returns how long to wait after one more failure.
func (b *Backoff) Next() time.Duration {
	b.last = min(max(b.last*2, b.First), b.Most)
	return b.last/2 + rand.N(b.last/2)
}

// Sleep waits after one more failure, or until ctx is done.
func (b *Backoff) Sleep(ctx context.Context) { Sleep(ctx, b.Next()) }

// Reset starts over after a success: the wait after the next failure is short again.
func (b *Backoff) Reset() { b.last = 0 }

// Sleep waits for d, or until ctx is done. It reports whether the full time has passed.
func Sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

const (
	retryFirst = 100 * time.Millisecond
	retryMost  = 2 * time.Second
	// How often the log mentions that a dependency is still down.
	logEvery = 5 * time.Second
)

// Outlast repeats work until it succeeds, as long as away reports that its error means that a dependency is down. Other errors
// are returned at once. When ctx is done, Outlast returns the last error. what names the dependency in the log.
func Outlast(ctx context.Context, logger *slog.Logger, what string, away func(error) bool, work func(context.Context) error) error {
	backoff := Backoff{First: retryFirst, Most: retryMost}
	start := time.Now()
	var logged time.Time
	for {
		err := work(ctx)
		switch {
		case err == nil && !logged.IsZero():
			logger.InfoContext(ctx, "no longer away", "what", what, "for", time.Since(start))
			return nil
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("%w, waiting for %s: %w", ctx.Err(), what, err)
		case !away(err):
			return err
		}
		if time.Since(logged) >= logEvery {
			logged = time.Now()
			logger.WarnContext(ctx, "away; it is waited for", "what", what, "for", time.Since(start), "error", err)
		}
		backoff.Sleep(ctx)
	}
}
