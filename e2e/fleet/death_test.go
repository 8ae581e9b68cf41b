package fleet

import (
	"testing"
	"time"

	"souk/deploy/local/stack"
)

const (
	callersCount = 8
	// A dead instance is sent no call this long after it died.
	outWithin = time.Second
	// Instances that come back are registered, pass and are called within this.
	settleWithin = 30 * time.Second
)

// TestADeadInstanceIsNotMissed kills one instance of each service while shoppers go on. What is safe to repeat shows them no
// error, and callers that see where their calls go send the dead one none.
func TestADeadInstanceIsNotMissed(t *testing.T) {
	services := []string{"catalog", "inventory", "orders"}
	if full() {
		services = stack.Services
	}
	for _, service := range services {
		t.Run(service, func(t *testing.T) {
			part := live.Instances(service)[1]
			l := newLoad(t)
			l.await(t, time.Now(), 50)
			kill := time.Now()
			restarted(t, part, func() {
				if err := live.Kill(part); err != nil {
					t.Fatal(err)
				}
				l.await(t, time.Now(), 150)
			})
			all := l.end()
			excused := all.failed().only(func(a answer) bool { return !a.safe && a.began.Before(kill.Add(outWithin)) })
			all.failed().only(func(a answer) bool { return a.safe || !a.began.Before(kill.Add(outWithin)) }).refuse(t)
			for _, a := range excused {
				t.Logf("not safe to repeat: %v", a)
			}
			t.Logf("measured: one of %d instances of %s killed: %d requests, %d failed, and %d that are not safe to repeat; the slowest took %.2f s",
				len(live.Instances(service)), service, len(all), len(all.failed())-len(excused), len(excused), all.slowest().Seconds())
		})
	}
}

// restarted does something to a part and then starts it again.
func restarted(t *testing.T, part string, harm func()) {
	t.Helper()
	defer func() {
		if err := live.Restart(t.Context(), part); err != nil {
			t.Fatal(err)
		}
		complete(t, stack.Services...)
	}()
	harm()
}

func TestADeadInstanceIsSentNoCall(t *testing.T) {
	const part = "catalog-2"
	c := newCallers(t, callersCount)
	c.awaitCalled(t, part, time.Now())
	address := addressOf(t, part)
	var dead time.Time
	restarted(t, part, func() {
		if err := live.Kill(part); err != nil {
			t.Fatal(err)
		}
		dead = time.Now()
		c.awaitCalled(t, "catalog-3", dead.Add(2*outWithin))
	})
	back := c.awaitCalled(t, part, dead)
	c.end()
	var last time.Duration
	sent := c.sent(address, dead)
	for _, at := range sent {
		last = max(last, at.Sub(dead))
	}
	if last > outWithin {
		t.Errorf("the last call to the dead instance was sent %v after its death", last)
	}
	for _, failed := range c.failed() {
		t.Errorf("a call failed %v after the death: %v", failed.began.Sub(dead), failed.err)
	}
	t.Logf("measured: %d calls by %d callers, %d failed; the dead instance was sent %d more, the last %.3f s after its death; its successor was called %.1f s after it",
		len(c.calls), callersCount, len(c.failed()), len(sent), last.Seconds(), back.Seconds())
}

// TestAPausedInstanceCostsACallerOneDeadlineAtMost has an instance stand still with its connections open, which nobody can
// tell from one that is slow until a deadline is over.
func TestAPausedInstanceCostsACallerOneDeadlineAtMost(t *testing.T) {
	const part = "catalog-2"
	c := newCallers(t, callersCount)
	c.awaitCalled(t, part, time.Now())
	address := addressOf(t, part)
	l := newLoad(t)
	l.await(t, time.Now(), 50)
	paused := time.Now()
	if err := live.Pause(part); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = live.Resume(part) }()
	c.awaitCalled(t, "catalog-3", paused.Add(pauseFor()))
	resumed := time.Now()
	if err := live.Resume(part); err != nil {
		t.Fatal(err)
	}
	back := c.awaitCalled(t, part, resumed)
	all := l.end()
	c.end()
	lost := map[int]int{}
	for _, failed := range c.failed() {
		lost[failed.caller]++
		if lost[failed.caller] > 1 {
			t.Errorf("caller %d lost another call %.1f s after the pause: %v", failed.caller, failed.began.Sub(paused).Seconds(), failed.err)
		}
	}
	last := time.Duration(0)
	for _, at := range c.sent(address, paused) {
		if at.Before(resumed) {
			last = at.Sub(paused)
		}
	}
	if most := callTimeout + outWithin; last > most {
		t.Errorf("the paused instance was still called after %v, want none after %v", last, most)
	}
	t.Logf("measured: an instance paused for %v: %d callers made %d calls and lost %d, one each at most; last called %.2f s after the pause, called again %.2f s after its end",
		pauseFor(), callersCount, len(c.calls), len(c.failed()), last.Seconds(), back.Seconds())
	slow := all.only(func(a answer) bool { return a.wrong != "" || a.took() > callTimeout })
	for _, a := range slow {
		t.Log(a)
	}
	t.Logf("measured: meanwhile %d shoppers made %d requests, %d of which failed or took longer than %v; the slowest took %.2f s",
		shoppers, len(all), len(slow), callTimeout, all.slowest().Seconds())
}

// pauseFor is how long an instance stands still: longer than any call waits.
func pauseFor() time.Duration {
	if full() {
		return 60 * time.Second
	}
	return 8 * time.Second
}
