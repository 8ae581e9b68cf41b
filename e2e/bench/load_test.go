package bench

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var self = servers{goServices: {os.Getpid()}}

func TestClosedLoopCountsWhatSucceedsAndWhatFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var turn atomic.Int64
		run, err := closedLoop(t.Context(), 1, window{warmUp: time.Second, length: 10 * time.Second}, self, func(context.Context, int) error {
			time.Sleep(95 * time.Millisecond)
			if turn.Add(1)%2 == 0 {
				return errors.New("no")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := run.Requests + run.Errors; n != 105 || run.Errors < 52 || run.Errors > 53 {
			t.Errorf("%d requests, of which %d failed; a request takes 95 ms, and every other one fails", n, run.Errors)
		}
		if run.P50 != 95*time.Millisecond || run.P99 != 95*time.Millisecond || run.Error != "no" || run.Seconds != 10 {
			t.Errorf("got %+v", run)
		}
	})
}

// One worker takes 100 ms for a request and gets one every 50 ms, so that each waits 50 ms longer than the one before.
func TestOpenLoopCountsTheWaitForAWorker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		run, err := openLoop(t.Context(), 1, 20, window{length: 1050 * time.Millisecond}, self, func(context.Context, int) error {
			time.Sleep(100 * time.Millisecond)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if run.Requests != 10 || run.P50 != 300*time.Millisecond || run.P99 != 550*time.Millisecond {
			t.Errorf("got %d requests, p50 %v, p99 %v", run.Requests, run.P50, run.P99)
		}
	})
}
