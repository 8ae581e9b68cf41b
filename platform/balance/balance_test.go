package balance_test

import (
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestInstancesTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 3)
		f.calls(t, 300)
		for i, one := range f.instances {
			if n := one.served(); n != 100 {
				t.Errorf("instance %d served %d of 300 calls, want 100", i, n)
			}
		}
	})
}

func TestASilentInstanceCostsOneDeadlineAndTheOthersShareItsCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 3)
		f.instances[1].hang()
		lost := f.calls(t, 301)
		if lost != 1 || f.instances[1].served() != 1 {
			t.Errorf("%d calls were lost, %d went to the silent instance; want 1", lost, f.instances[1].served())
		}
		for _, i := range []int{0, 2} {
			if n := f.instances[i].served(); n < 149 || n > 151 {
				t.Errorf("instance %d served %d of 300 calls, want half", i, n)
			}
		}
	})
}

func TestAPausedInstanceIsSkippedBeforeItsCallsReachTheirDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 3)
		paused := f.instances[1]
		paused.hang()
		answers := make(chan error)
		for range 3 { // one at each
			go func() { answers <- f.callFor(t, 10*deadline) }()
		}
		time.Sleep(time.Second)
		if lost := f.calls(t, 100); lost != 0 || paused.served() != 1 {
			t.Errorf("%d calls were lost, %d went to the paused instance; want the one before", lost, paused.served())
		}
		paused.resume()
		for range 3 {
			if err := <-answers; err != nil {
				t.Errorf("a patient call: %v", err)
			}
		}
		paused.reset()
		if f.calls(t, 99); paused.served() != 33 {
			t.Errorf("%d of 99 calls went to it afterwards, want a third", paused.served())
		}
	})
}

func TestAnInstanceThatAnswersOneCallAndIsThenPausedCostsOneDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2)
		paused := f.instances[1]
		paused.hangOnce()
		answers := make(chan error)
		for range f.instances { // one at each
			go func() { answers <- f.call(t) }()
		}
		time.Sleep(deadline / 100)
		f.calls(t, 2) // one at each
		paused.hang()
		for _, want := range []codes.Code{codes.OK, codes.DeadlineExceeded} {
			if err := <-answers; status.Code(err) != want {
				t.Errorf("a call before the pause: %v, want %v", err, want)
			}
		}
		paused.reset()
		if lost := f.calls(t, 10); lost != 0 || paused.served() != 0 {
			t.Errorf("%d of 10 calls were lost, %d went to the paused instance; want 0", lost, paused.served())
		}
	})
}

func TestAnInstanceWithALongPollGetsItsShareOfOtherCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 3)
		waits := f.instances[1]
		waits.hangOnce()
		polled := make(chan error)
		for range 3 { // one at each, of which one is held
			go func() { polled <- f.callFor(t, time.Minute) }()
		}
		time.Sleep(11 * time.Second) // in which nobody calls
		waits.reset()
		if f.calls(t, 300); waits.served() < 99 {
			t.Errorf("%d of 300 calls went to it, want a third", waits.served())
		}
		for range 3 {
			if err := <-polled; err != nil && status.Code(err) != codes.DeadlineExceeded { // which the held one reaches
				t.Error(err)
			}
		}
	})
}

func TestASilentInstanceIsTriedByOneCallAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 3)
		f.instances[1].hang()
		f.calls(t, 3)
		for range 3 {
			time.Sleep(10 * time.Second)
			if lost := f.atOnce(t, 20); lost != 1 {
				t.Errorf("%d of 20 calls at once were lost, want the one that tries", lost)
			}
		}
	})
}

func TestASilentInstanceThatAnswersAgainIsUsedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 3)
		f.instances[1].hang()
		f.calls(t, 3)
		f.instances[1].resume()
		time.Sleep(10 * time.Second)
		before := f.instances[1].served()
		if lost := f.calls(t, 301); lost != 0 || f.instances[1].served()-before < 100 {
			t.Errorf("%d calls were lost, %d of 301 went to it; want a third", lost, f.instances[1].served()-before)
		}
	})
}

func TestIfAllInstancesAreSilentAllAreUsed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2)
		for _, one := range f.instances {
			one.hang()
		}
		if lost := f.calls(t, 10); lost != 10 {
			t.Errorf("%d of 10 calls were lost", lost)
		}
		for i, one := range f.instances {
			if one.served() != 5 {
				t.Errorf("instance %d got %d of 10 calls, want 5", i, one.served())
			}
			one.resume()
		}
		if lost := f.calls(t, 10); lost != 0 {
			t.Errorf("once they answer: %d of 10 calls were lost", lost)
		}
	})
}

func TestAMissedDeadlineDoesNotMakeAnInstanceSilentIfItAnsweredOtherCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2)
		slow := make(chan error)
		f.instances[0].hangOnce()
		f.instances[1].hangOnce()
		for range 2 { // a slow query at each
			go func() { slow <- f.call(t) }()
		}
		time.Sleep(deadline / 2)
		f.calls(t, 4)
		for range 2 {
			if err := <-slow; status.Code(err) != codes.DeadlineExceeded {
				t.Errorf("a call that hangs: %v", err)
			}
		}
		f.instances[0].reset()
		f.calls(t, 100)
		if n := f.instances[0].served(); n != 50 {
			t.Errorf("it served %d of 100 calls afterwards, want half", n)
		}
	})
}

func TestADeadInstanceGetsNoCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 3)
		f.calls(t, 3)
		f.instances[1].kill()
		synctest.Wait()
		f.instances[1].reset()
		if lost := f.calls(t, 100); lost != 0 || f.instances[1].served() != 0 {
			t.Errorf("%d calls were lost, %d went to the dead instance", lost, f.instances[1].served())
		}
	})
}

func TestAnInstanceThatReportsNotServingGetsNoCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 3)
		f.instances[1].serve(t, false)
		if lost := f.calls(t, 100); lost != 0 || f.instances[1].served() != 0 {
			t.Errorf("%d calls were lost, %d went to it", lost, f.instances[1].served())
		}
		f.instances[1].serve(t, true)
		if f.calls(t, 99); f.instances[1].served() != 33 {
			t.Errorf("when it serves again: %d of 99 calls went to it, want a third", f.instances[1].served())
		}
	})
}
