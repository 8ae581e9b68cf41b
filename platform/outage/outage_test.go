package outage_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"souk/platform/outage"
)

var errAway, errWrong = errors.New("away"), errors.New("wrong password")

func away(err error) bool { return errors.Is(err, errAway) }

// outlast calls Outlast with work that fails failures times with failure. It returns how often the work ran, how long that took
// and the log.
func outlast(ctx context.Context, failures int, failure error) (done int, took time.Duration, log string, err error) {
	var lines bytes.Buffer
	start := time.Now()
	err = outage.Outlast(ctx, slog.New(slog.NewTextHandler(&lines, nil)), "postgres", away, func(context.Context) error {
		if done++; done <= failures {
			return failure
		}
		return nil
	})
	return done, time.Since(start), lines.String(), err
}

func TestOutlastRetriesAndLogsEveryFewSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		done, took, log, err := outlast(t.Context(), 40, errAway)
		if err != nil || done != 41 {
			t.Errorf("the work ran %d times, %v; want 41", done, err)
		}
		// The waits are 0.1 + 0.2 + 0.4 + 0.8 + 1.6 + 35 times 2 seconds, each shortened by up to half.
		if took < 36*time.Second || took > 74*time.Second {
			t.Errorf("Outlast took %v", took)
		}
		if lines := strings.Count(log, "it is waited for"); lines < 6 || lines > 15 || !strings.Contains(log, "no longer away") {
			t.Errorf("%d lines in %v:\n%s", lines, took, log)
		}
	})
}

func TestOtherErrorsAreReturnedAtOnce(t *testing.T) {
	t.Parallel()
	if done, _, log, err := outlast(t.Context(), 1, errWrong); !errors.Is(err, errWrong) || done != 1 || log != "" {
		t.Errorf("the work ran %d times, %v, logged %q", done, err, log)
	}
}

func TestOutlastEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, took, _, err := outlast(ctx, 1000, errAway)
		if !errors.Is(err, errAway) || !errors.Is(err, context.DeadlineExceeded) || took != 10*time.Second {
			t.Errorf("after %v: %v", took, err)
		}
	})
}

func TestBackoffDoublesUntilReset(t *testing.T) {
	t.Parallel()
	b := outage.Backoff{First: time.Second, Most: 3 * time.Second}
	for range 2 {
		for _, most := range []time.Duration{time.Second, 2 * time.Second, 3 * time.Second, 3 * time.Second} {
			if d := b.Next(); d < most/2 || d >= most {
				t.Errorf("waits %v, want between %v and %v", d, most/2, most)
			}
		}
		b.Reset()
	}
}
