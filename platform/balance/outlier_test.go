package balance_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accessv1 "souk/proto/gen/souk/access/v1"

	"souk/platform/balance"
)

var errBad = status.Error(codes.Internal, "a bad release")

// meant returns an error with a reason of the service's.
func meant(t *testing.T, code codes.Code) error {
	t.Helper()
	st, err := status.New(code, "as it should be").WithDetails(&errdetails.ErrorInfo{Reason: "A_REASON", Domain: "souk"})
	if err != nil {
		t.Fatal(err)
	}
	return st.Err()
}

func TestAnInstanceThatFailsWhileItsPeersSucceedIsEjected(t *testing.T) {
	t.Parallel()
	for _, size := range []int{2, 3, 5} {
		synctest.Test(t, func(t *testing.T) {
			f := newFleet(t, size)
			f.calls(t, 100*size) // a long time in which all was well
			f.instances[1].answer(errBad)
			f.instances[1].reset()
			if lost := f.calls(t, 100*size); lost != 4 || f.instances[1].served() != 4 {
				t.Errorf("of %d: %d calls were lost, %d went to the one that fails; want 4", size, lost, f.instances[1].served())
			}
		})
	}
}

func TestAFailingInstanceIsEjectedAfterFewCallsEvenAtLowRates(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2)
		f.calls(t, 20)
		f.instances[1].answer(errBad)
		lost := 0
		for range 60 {
			lost += f.calls(t, 1)
			time.Sleep(time.Second)
		}
		if want := 4 + 1; lost != want { // and one trial
			t.Errorf("%d of 60 calls, one a second, were lost; want %d", lost, want)
		}
	})
}

// An outlier is one by its answers alone: those that say that it is broken.
func TestWhatCountsAsAFailureOfTheInstance(t *testing.T) {
	t.Parallel()
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		var want bool
		switch code {
		case codes.Internal, codes.Unknown, codes.DataLoss, codes.Unimplemented, codes.Unavailable:
			want = true
		}
		for err, want := range map[error]bool{status.Error(code, "answered"): want, meant(t, code): false} {
			synctest.Test(t, func(t *testing.T) {
				f := newFleet(t, 2)
				f.instances[1].answer(err)
				f.calls(t, 20)
				f.instances[1].reset()
				f.calls(t, 20)
				if ejected := f.instances[1].served() == 0; ejected != want {
					t.Errorf("%v, %d details: ejected %t, want %t", err, len(status.Convert(err).Details()), ejected, want)
				}
			})
		}
	}
}

func TestAnInstanceThatSometimesFailsIsNotEjected(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2)
		for range 50 { // one of four fails
			f.instances[1].answer(errBad)
			f.calls(t, 2)
			f.instances[1].answer(nil)
			f.calls(t, 6)
		}
		if n := f.instances[1].served(); n != 200 {
			t.Errorf("%d of 400 calls went to it, want half", n)
		}
	})
}

func TestIfAllInstancesFailNoneIsEjected(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 3)
		f.calls(t, 99)
		for _, one := range f.instances {
			one.answer(errBad)
			one.reset()
		}
		f.calls(t, 99)
		for i, one := range f.instances {
			if n := one.served(); n != 33 {
				t.Errorf("%d of 99 calls went to instance %d, want a third", n, i)
			}
		}
	})
}

func TestNeverMoreThanHalfOfTheInstancesAreEjected(t *testing.T) {
	t.Parallel()
	for size := 2; size <= 7; size++ {
		for bad := 1; bad < size; bad++ {
			synctest.Test(t, func(t *testing.T) {
				f := newFleet(t, size)
				f.calls(t, 10*size)
				for _, one := range f.instances[:bad] {
					one.answer(errBad)
				}
				f.calls(t, 20*size)
				left := 0
				for _, one := range f.instances {
					one.reset()
				}
				f.calls(t, 20*size)
				for _, one := range f.instances {
					if one.served() == 0 {
						left++
					}
				}
				if left > size/2 || bad <= size/2 && left != bad {
					t.Errorf("%d of %d fail: %d are ejected, want them all, but no more than half", bad, size, left)
				}
			})
		}
	}
}

func TestAnEjectedInstanceIsTriedLessAndLessOften(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2)
		f.instances[1].answer(errBad)
		f.calls(t, 10)
		last := time.Now()
		var after []string
		for len(after) < 5 {
			f.instances[1].reset()
			_, _ = f.repeatable(t)
			if f.instances[1].served() > 0 {
				after = append(after, time.Since(last).String())
				last = time.Now()
			}
			time.Sleep(time.Second)
		}
		if got, want := fmt.Sprint(after), "[10s 20s 40s 1m0s 1m0s]"; got != want {
			t.Errorf("tried after %s, want %s", got, want)
		}
	})
}

func TestAnEjectedInstanceIsTakenBackAfterSuccessfulTrials(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2)
		f.instances[1].answer(errBad)
		f.calls(t, 10)
		f.instances[1].answer(nil)
		time.Sleep(10 * time.Second)
		f.instances[1].reset()
		if f.calls(t, 100); f.instances[1].served() != 0 {
			t.Error("a call that may not be repeated tried it at once")
		}
		for range 3 {
			if _, err := f.repeatable(t); err != nil {
				t.Error(err)
			}
		}
		f.instances[1].reset()
		if f.calls(t, 100); f.instances[1].served() != 50 {
			t.Errorf("%d of 100 calls went to it afterwards, want half", f.instances[1].served())
		}
	})
}

func TestAnEjectedInstanceIsTriedByOneCallAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2)
		f.instances[1].answer(errBad)
		f.calls(t, 10)
		f.instances[1].reset()
		f.instances[1].hang()
		time.Sleep(20 * time.Second)
		if lost := f.atOnce(t, 50); lost != 1 || f.instances[1].served() != 1 {
			t.Errorf("%d of 50 calls at once were lost, %d tried the instance; want 1", lost, f.instances[1].served())
		}
	})
}

func TestEjectionEndsWhenTheOthersFailToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2)
		f.instances[1].answer(errBad)
		f.calls(t, 10)
		f.instances[1].answer(nil)
		f.instances[0].answer(errBad)
		f.calls(t, 50)
		f.instances[1].reset()
		if lost := f.calls(t, 100); lost != 0 || f.instances[1].served() != 100 {
			t.Errorf("%d of 100 calls were lost, %d went to the one that is well again", lost, f.instances[1].served())
		}
	})
}

func TestACallReportsWhetherItsInstanceWasAnOutlier(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2)
		f.calls(t, 20)
		f.instances[1].answer(errBad)
		var failed []string
		for range 20 {
			if call, err := f.repeatable(t); err != nil {
				failed = append(failed, fmt.Sprint(call.Elsewhere(), call.MetOutlier()))
			} else if call.Elsewhere() || call.MetOutlier() {
				t.Error("a call that went well was told of a failure")
			}
		}
		if got, want := fmt.Sprint(failed), "[true false true false true false true true]"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		f.instances[0].answer(errBad)
		f.calls(t, 20)
		if call, err := f.repeatable(t); err == nil || call.Elsewhere() || call.MetOutlier() {
			t.Errorf("when all fail: %v, %t, %t", err, call.Elsewhere(), call.MetOutlier())
		}
	})
}

func TestTheNextAttemptGoesToAnotherInstance(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 3)
		for range 30 {
			ctx := (&balance.Call{}).Context(t.Context())
			for range 3 {
				if _, err := f.keys.ListKeys(ctx, &accessv1.ListKeysRequest{}); err != nil {
					t.Error(err)
				}
			}
			for i, one := range f.instances {
				if one.served() != 1 {
					t.Errorf("instance %d got %d of three attempts, want one", i, one.served())
				}
				one.reset()
			}
		}
	})
}
