package fleet

import (
	"testing"
	"time"

	"souk/deploy/local/stack"
)

// foundWithin is how long after Consul's return an instance that was replaced meanwhile is found at the latest; in the short form
// so long that a busy machine passes.
func foundWithin() time.Duration {
	if full() {
		return 5 * time.Second
	}
	return 10 * time.Second
}

// TestNobodyNoticesThatConsulIsAway takes Consul from a shop whose processes go on, and replaces an instance meanwhile: its
// successor, at another port, has to start without Consul, and is found once Consul is back.
func TestNobodyNoticesThatConsulIsAway(t *testing.T) {
	restart := func() error { return live.Restart(t.Context(), stack.Consul) }
	faults := []struct {
		name       string
		harm, mend func() error
	}{
		{"stopped", func() error { return live.Process(stack.Consul).Stop(t.Context()) }, restart},
		{"paused", func() error { return live.Pause(stack.Consul) }, func() error { return live.Resume(stack.Consul) }},
		{"wiped", func() error { return live.Kill(stack.Consul) }, func() error {
			if err := live.WipeConsul(); err != nil {
				return err
			}
			return restart()
		}},
	}
	for _, fault := range faults {
		t.Run(fault.name, func(t *testing.T) {
			c, l := newCallers(t, 1), newLoad(t)
			l.await(t, time.Now(), 50)
			away := time.Now()
			if err := fault.harm(); err != nil {
				t.Fatal(err)
			}
			replace(t, l, "catalog-2")
			c.awaitCalled(t, "catalog-3", away.Add(awayFor()))
			if err := fault.mend(); err != nil {
				t.Fatal(err)
			}
			back := time.Now()
			found := c.awaitCalled(t, "catalog-2", back)
			if within := foundWithin(); found > within {
				t.Errorf("the instance that was replaced is called %v after Consul is back, want within %v", found, within)
			}
			complete(t, stack.Services...)
			l.await(t, time.Now(), 50)
			all := l.end()
			c.end()
			all.failed().refuse(t)
			for _, failed := range c.failed() {
				t.Errorf("a call failed %.1f s after Consul was away: %v", failed.began.Sub(away).Seconds(), failed.err)
			}
			t.Logf("measured: Consul %s for %.0f s: %d requests, %d failed, the slowest took %.2f s; the instance that was replaced is called %.1f s after Consul is back, all instances pass %.1f s later",
				fault.name, back.Sub(away).Seconds(), len(all), len(all.failed()), all.slowest().Seconds(), found.Seconds(), time.Since(back).Seconds()-found.Seconds())
		})
	}
}

// awayFor is how long Consul is away.
func awayFor() time.Duration {
	if full() {
		return 3 * time.Minute
	}
	return 10 * time.Second
}

// replace kills an instance and starts it anew, at another port.
func replace(t *testing.T, l *load, part string) {
	t.Helper()
	if err := live.Kill(part); err != nil {
		t.Fatal(err)
	}
	l.await(t, time.Now(), 50)
	if err := live.Restart(t.Context(), part); err != nil {
		t.Fatal(err)
	}
}
