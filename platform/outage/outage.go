// Package outage is responsible for outlasting what is away: it tries again, later each time, and not in step with others.
package outage

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"
)

// Backoff is how long to wait after each of several failures in a row: it doubles from First to Most, less up to half of
// it at random, so that those who failed together do not ask again together.
type Backoff struct {
	First, Most time.Duration
	last        time.Duration
}

// Next returns how long to wait after one more failure.
func (b *Backoff) Next() time.Duration {
	b.last = min(max(b.last*2, b.First), b.Most)
	return b.last/2 + rand.N(b.last/2)
}

// Sleep waits after one more failure, until ctx is done at most.
func (b *Backoff) Sleep(ctx context.Context) { Sleep(ctx, b.Next()) }

// Reset is for a success: the next failure is a first one.
func (b *Backoff) Reset() { b.last = 0 }

// Sleep waits for d, until ctx is done at most, and reports whether ctx outlasted it.
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
	// While something is away, the log says so this often.
	logEvery = 5 * time.Second
)

// Outlast does work until it succeeds. It returns the last error of work when that is none of something being away, or when
// ctx is done. What is away is called what in the log.
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
