package rpc_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	errorsv1 "souk/proto/gen/souk/errors/v1"

	"souk/platform/breaker"
	"souk/platform/rpc"
)

func well(context.Context) error { return nil }

func fails(code codes.Code) func(context.Context) error {
	return func(context.Context) error { return status.Error(code, "at work") }
}

func hangs(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestCallsThatTheContractAllowsToRepeatAreRetried(t *testing.T) {
	t.Parallel()
	for method, attempts := range map[string]int{read: 4, put: 4, create: 1} {
		synctest.Test(t, func(t *testing.T) {
			s := startThings(t, fails(codes.Unavailable))
			conn := dialThings(t, breaker.NewSet(discard), s)
			began := time.Now()
			if err := invoke(t.Context(), conn, method); status.Code(err) != codes.Unavailable {
				t.Errorf("%s: %v", method, err)
			}
			if n := s.reached(); n != attempts || time.Since(began) > time.Second {
				t.Errorf("%s: %d attempts in %v, want %d within a second", method, n, time.Since(began), attempts)
			}
		})
	}
}

func TestAShortFailureIsHiddenByRetries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := startThings(t, fails(codes.Unavailable))
		conn := dialThings(t, breaker.NewSet(discard), s)
		time.AfterFunc(100*time.Millisecond, func() { s.does(well) })
		if err := invoke(t.Context(), conn, read); err != nil {
			t.Error(err)
		}
	})
}

func TestOnlyUnavailableIsRetried(t *testing.T) {
	t.Parallel()
	for _, code := range []codes.Code{codes.ResourceExhausted, codes.DeadlineExceeded, codes.Internal, codes.NotFound, codes.Aborted} {
		synctest.Test(t, func(t *testing.T) {
			s := startThings(t, fails(code))
			conn := dialThings(t, breaker.NewSet(discard), s)
			if err := invoke(t.Context(), conn, read); status.Code(err) != code || s.reached() != 1 {
				t.Errorf("%s: %v after more than one attempt", code, err)
			}
		})
	}
}

func TestUnavailableWithAReasonIsNotRetried(t *testing.T) {
	t.Parallel()
	for want, err := range map[int]error{
		1: rpc.Error(codes.Unavailable, errorsv1.ErrorReason_ERROR_REASON_OVERLOADED, "a service that is needed does not answer"),
		4: status.Error(codes.Unavailable, "a dependency is away"),
	} {
		s := serve(t, nil)
		var attempts atomic.Int64
		s.does(func(context.Context) error {
			attempts.Add(1)
			return err
		})
		if got := call(t.Context(), s.dial(t, "orders")); status.Code(got) != codes.Unavailable || attempts.Load() != int64(want) {
			t.Errorf("%v after %d attempts, want %d", got, attempts.Load(), want)
		}
	}
}

func TestCallsOfAKilledInstanceAreRepeatedAtAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const calls = 160
		killed, other := startThings(t, hangs), startThings(t, well)
		conn := dialThings(t, breaker.NewSet(discard), killed, other)
		var failed atomic.Int64
		var group sync.WaitGroup
		for range calls {
			group.Go(func() {
				if err := invoke(t.Context(), conn, put); err != nil {
					failed.Add(1)
				}
			})
		}
		synctest.Wait() // half of the calls are under way at each instance
		under := killed.reached()
		killed.server.Stop()
		group.Wait()
		if under != calls/2 || failed.Load() != 0 {
			t.Errorf("%d of %d calls were with the killed instance, %d failed; want half and none", under, calls, failed.Load())
		}
		for range 20 {
			if err := invoke(t.Context(), conn, create); err != nil {
				t.Errorf("a call afterwards: %v", err)
			}
		}
	})
}

// beginsAndHangs sends the header of an answer and then hangs.
func beginsAndHangs(ctx context.Context) error {
	if err := grpc.SendHeader(ctx, nil); err != nil {
		return err
	}
	return hangs(ctx)
}

func TestACallWithATruncatedAnswerIsRepeated(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]codes.Code{read: codes.OK, put: codes.OK, create: codes.Unavailable} {
		synctest.Test(t, func(t *testing.T) {
			var again atomic.Int64
			killed, other := startThings(t, beginsAndHangs), startThings(t, func(ctx context.Context) error {
				if rpc.Retried(ctx) {
					again.Add(1)
				}
				return nil
			})
			conn := dialThings(t, breaker.NewSet(discard), killed, other)
			answers := make(chan error)
			for range 2 { // one at each instance
				go func() { answers <- invoke(t.Context(), conn, method) }()
			}
			if err := <-answers; err != nil {
				t.Errorf("%s of the other instance: %v", method, err)
			}
			synctest.Wait() // the second call hangs at its instance
			killed.server.Stop()
			if err := <-answers; status.Code(err) != want {
				t.Errorf("%s: %v, want %v", method, err, want)
			}
			if said := again.Load() == 1; said != (want == codes.OK) {
				t.Errorf("%s: the other instance saw %d repeated calls", method, again.Load())
			}
		})
	}
}

func TestAnUnavailablePeerGetsFewAttempts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := startThings(t, fails(codes.Unavailable))
		conn := dialThings(t, breaker.NewSet(discard), s)
		const rate, requests = 50, 30 * 50
		var group sync.WaitGroup
		for range requests {
			group.Go(func() { _ = invoke(t.Context(), conn, read) })
			time.Sleep(time.Second / rate)
		}
		group.Wait()
		attempts := s.reached()
		t.Logf("measured: %d attempts for %d requests in 30 s of a peer that is away", attempts, requests)
		if attempts > requests/5 {
			t.Errorf("%d attempts for %d requests, want a few trials", attempts, requests)
		}
	})
}

func TestTheBudgetEndsRetriesWhereTheBreakerDoesNot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		s := startThings(t, func(context.Context) error {
			if calls.Add(1)%2 == 0 {
				return nil
			}
			return status.Error(codes.Unavailable, "at work")
		})
		conn := dialThings(t, breaker.NewSet(discard), s)
		const requests = 3000
		for range requests {
			_ = invoke(t.Context(), conn, read)
		}
		attempts := s.reached()
		t.Logf("measured: %d attempts for %d requests of a peer that fails every other one", attempts, requests)
		if attempts < requests || float64(attempts) >= 1.2*requests {
			t.Errorf("%d attempts for %d requests, want less than 1.2 times as many", attempts, requests)
		}
	})
}
