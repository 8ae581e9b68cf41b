package rpc

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestAServerReservesAPartOfItsCallersTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for left, want := range map[time.Duration]time.Duration{
			time.Minute: 50 * time.Millisecond, time.Second: 50 * time.Millisecond, 400 * time.Millisecond: 20 * time.Millisecond,
			20 * time.Millisecond: 5 * time.Millisecond, time.Millisecond: 5 * time.Millisecond,
		} {
			caller, cancel := context.WithTimeout(t.Context(), left)
			theirs, _ := caller.Deadline()
			shortened, cancelShortened := shortenDeadline(caller)
			if ours, ok := shortened.Deadline(); !ok || theirs.Sub(ours) != want {
				t.Errorf("of %v it reserves %v, want %v", left, theirs.Sub(ours), want)
			}
			cancelShortened()
			cancel()
		}
		endless, cancel := shortenDeadline(t.Context())
		defer cancel()
		if deadline, ok := endless.Deadline(); ok {
			t.Errorf("a call without a deadline got %v", deadline)
		}
	})
}

// counted returns the time in a counter.
func counted(seconds prometheus.Counter) time.Duration {
	return time.Duration(testutil.ToFloat64(seconds) * float64(time.Second)).Round(time.Microsecond)
}

// Not parallel, because the counters are global to the process.
func TestHandlerTimeAfterTheDeadlineIsCounted(t *testing.T) {
	tests := map[string]struct {
		// The caller waits for 100 ms, or leaves after leaves.
		leaves, works time.Duration
		past          time.Duration
	}{
		"on time":           {works: 90 * time.Millisecond},
		"past the deadline": {works: 130 * time.Millisecond, past: 30 * time.Millisecond},
		"the caller left":   {leaves: 40 * time.Millisecond, works: 60 * time.Millisecond, past: 20 * time.Millisecond},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls, took, past := testutil.ToFloat64(handled), counted(handlerTime), counted(pastDeadline)
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
				defer cancel()
				if test.leaves > 0 {
					time.AfterFunc(test.leaves, cancel)
				}
				end := measure(ctx)
				time.Sleep(test.works)
				end()
				calls, took, past = testutil.ToFloat64(handled)-calls, counted(handlerTime)-took, counted(pastDeadline)-past
				if calls != 1 || took != test.works || past != test.past {
					t.Errorf("%v calls took %v, %v of it past the deadline; want 1 call, %v, %v", calls, took, past, test.works, test.past)
				}
			})
		})
	}
}

// The caller leaves just as the handler ends, so that either may be noticed first.
func TestACallerThatLeavesAsTheHandlerEndsIsCounted(t *testing.T) {
	calls := testutil.ToFloat64(handled)
	const tries = 100_000
	for range tries {
		ctx, cancel := context.WithCancel(t.Context())
		end := measure(ctx)
		go cancel()
		for ctx.Err() == nil {
			runtime.Gosched()
		}
		end() // a counter panics if it is to decrease
	}
	if got := testutil.ToFloat64(handled) - calls; got != tries {
		t.Errorf("%v of %d calls are counted", got, tries)
	}
}
