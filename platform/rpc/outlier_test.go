package rpc_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	errorsv1 "souk/proto/gen/souk/errors/v1"

	"souk/platform/breaker"
	"souk/platform/rpc"
)

func TestOneBadInstanceOfTwoCausesFewFailures(t *testing.T) {
	t.Parallel()
	for _, code := range []codes.Code{codes.Internal, codes.Unknown, codes.DataLoss, codes.Unimplemented} {
		// Calls that may not be repeated fail until the instance is ejected, and at two trials.
		for method, most := range map[string]int{read: 0, put: 0, create: 4 + 2} {
			synctest.Test(t, func(t *testing.T) {
				breakers := breaker.NewSet(discard)
				bad, good := startThings(t, fails(code)), startThings(t, well)
				conn := dialThings(t, breakers, bad, good)
				failed := 0
				for range 20 * 60 { // 20 calls a second for a minute
					if err := invoke(t.Context(), conn, method); err != nil {
						failed++
					}
					time.Sleep(50 * time.Millisecond)
				}
				if failed > most || breakers.States()[0].State != "closed" {
					t.Errorf("%s, %s: %d of 1200 calls failed, want %d at most; the breaker is %s", code, method, failed, most, breakers.States()[0].State)
				}
				if n := bad.reached(); n > 8 {
					t.Errorf("%s, %s: %d calls went to the bad instance", code, method, n)
				}
			})
		}
	}
}

// Many calls may be under way when an instance starts to fail.
func TestABreakerStaysClosedWhileABadInstanceIsFound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		breakers := breaker.NewSet(discard)
		var bad atomic.Bool
		late := func(isBad *atomic.Bool) func(context.Context) error {
			return func(context.Context) error {
				time.Sleep(100 * time.Millisecond)
				if isBad.Load() {
					return status.Error(codes.Internal, "a bad release")
				}
				return nil
			}
		}
		conn := dialThings(t, breakers, startThings(t, late(&bad)), startThings(t, late(new(atomic.Bool))))
		for range 20 {
			if err := invoke(t.Context(), conn, create); err != nil {
				t.Fatal(err)
			}
		}
		bad.Store(true)
		var failed atomic.Int64
		var group sync.WaitGroup
		for range 100 {
			group.Go(func() {
				if invoke(t.Context(), conn, create) != nil {
					failed.Add(1)
				}
			})
		}
		group.Wait()
		if got := breakers.States()[0]; got.State != "closed" || failed.Load() != 50 {
			t.Errorf("%d of 100 calls at once failed, want the half that was under way; the breaker is %+v", failed.Load(), got)
		}
		for range 100 {
			if err := invoke(t.Context(), conn, create); err != nil {
				t.Fatalf("a call afterwards: %v", err)
			}
		}
	})
}

func TestAServiceWithOnlyFailingInstancesGetsFewAttempts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		breakers := breaker.NewSet(discard)
		one, other := startThings(t, fails(codes.Internal)), startThings(t, fails(codes.Internal))
		conn := dialThings(t, breakers, one, other)
		const requests = 1000
		for range requests {
			_ = invoke(t.Context(), conn, read)
		}
		if n := one.reached() + other.reached(); n > 20 || breakers.States()[0].State != "open" {
			t.Errorf("%d attempts for %d requests; the breaker is %s", n, requests, breakers.States()[0].State)
		}
	})
}

// A request that fails at every instance is repeated at another one too, because the client cannot know that it would fail
// there.
func TestTheBudgetEndsAttemptsAtOtherInstances(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		fickle := func(context.Context) error {
			if calls.Add(1)%4 < 2 { // the first and the second attempt
				return status.Error(codes.Internal, "poison")
			}
			return nil
		}
		one, other := startThings(t, fickle), startThings(t, fickle)
		conn := dialThings(t, breaker.NewSet(discard), one, other)
		const requests = 3000
		for range requests {
			_ = invoke(t.Context(), conn, read)
		}
		attempts := one.reached() + other.reached()
		t.Logf("measured: %d attempts for %d requests of which many fail everywhere", attempts, requests)
		if attempts > requests*6/5 {
			t.Errorf("%d attempts for %d requests", attempts, requests)
		}
	})
}

func TestErrorsWithAReasonAreNotRetriedAtAnotherInstance(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		meant := func(context.Context) error {
			return rpc.Error(codes.Internal, errorsv1.ErrorReason_ERROR_REASON_OVERLOADED, "meant")
		}
		one, other := startThings(t, meant), startThings(t, well)
		conn := dialThings(t, breaker.NewSet(discard), one, other)
		for range 2 {
			_ = invoke(t.Context(), conn, read)
		}
		if one.reached() != 1 || other.reached() != 1 {
			t.Error("the call was repeated")
		}
	})
}

func TestAnEjectionIsLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log syncBuffer
		conn := dialThingsLogging(t, slog.New(slog.NewJSONHandler(&log, nil)), breaker.NewSet(discard), startThings(t, fails(codes.Internal)), startThings(t, well))
		for range 20 {
			_ = invoke(t.Context(), conn, read)
		}
		if text := log.take(); strings.Count(text, `"msg":"instance ejected","service":"things","address":"0"`) != 1 || strings.Contains(text, "call failed") {
			t.Errorf("the log is %s", text)
		}
	})
}
