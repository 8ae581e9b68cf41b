package rpc_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"souk/platform/breaker"
)

func TestAFailingPeerOpensItsBreakerWhichClosesAfterItsRecovery(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := startThings(t, well)
		breakers := breaker.NewSet(discard)
		conn := dialThings(t, breakers, s)
		state := func() string { return breakers.States()[0].State }
		// until makes 50 calls a second until the breaker has the wanted state, and returns how long that took.
		until := func(want string) time.Duration {
			began := time.Now()
			for _ = invoke(t.Context(), conn, read); state() != want && time.Since(began) < time.Minute; _ = invoke(t.Context(), conn, read) {
				time.Sleep(time.Second / 50)
			}
			return time.Since(began)
		}
		for range 500 {
			if err := invoke(t.Context(), conn, read); err != nil {
				t.Fatal(err)
			}
		}
		s.does(fails(codes.Internal))
		opened := until("open")
		for range 30 * 50 {
			_ = invoke(t.Context(), conn, read)
			time.Sleep(time.Second / 50)
		}
		s.does(well)
		closed := until("closed")
		t.Logf("measured: open after %v at 50 calls a second, closed %v after healing", opened, closed)
		if opened > time.Second || closed > 10*time.Second {
			t.Errorf("open after %v, closed %v after healing; want 1 s and 10 s at most", opened, closed)
		}
	})
}

func TestAnOpenBreakerRefusesFast(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	s.does(fails(codes.Internal))
	conn := s.dial(t, "orders")
	for range 10 {
		_ = call(t.Context(), conn)
	}
	s.log.take()
	took := make([]time.Duration, 100)
	for i := range took {
		began := time.Now()
		if err := call(t.Context(), conn); status.Code(err) != codes.Unavailable {
			t.Fatalf("%v, want a refusal", err)
		}
		took[i] = time.Since(began)
	}
	slices.Sort(took)
	t.Logf("measured: refused within %v, median %v", took[99], took[50])
	if took[50] > 5*time.Millisecond || s.log.take() != "" {
		t.Errorf("the median refusal took %v, want under 5 ms and no call", took[50])
	}
}

func TestOnlyAPatientCallersDeadlineCountsAgainstThePeer(t *testing.T) {
	t.Parallel()
	for patience, want := range map[time.Duration]string{
		200 * time.Millisecond: "closed", 2 * time.Second: "closed", 4 * time.Second: "open", time.Minute: "open", 0: "open",
	} {
		synctest.Test(t, func(t *testing.T) {
			breakers := breaker.NewSet(discard)
			conn := dialThings(t, breakers, startThings(t, hangs))
			var group sync.WaitGroup
			for range 10 {
				group.Go(func() {
					ctx := t.Context()
					if patience > 0 {
						var cancel context.CancelFunc
						ctx, cancel = context.WithTimeout(ctx, patience)
						defer cancel()
					}
					if err := invoke(ctx, conn, read); status.Code(err) != codes.DeadlineExceeded {
						t.Errorf("%v", err)
					}
				})
			}
			group.Wait()
			if got := breakers.States()[0].State; got != want {
				t.Errorf("after 10 calls that were given %v the breaker is %s, want %s", patience, got, want)
			}
		})
	}
}

func TestCanceledCallsDoNotOpenABreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		breakers := breaker.NewSet(discard)
		conn := dialThings(t, breakers, startThings(t, hangs))
		for range 20 {
			ctx, leave := context.WithCancel(t.Context())
			time.AfterFunc(100*time.Millisecond, leave)
			if err := invoke(ctx, conn, read); status.Code(err) != codes.Canceled {
				t.Errorf("%v", err)
			}
		}
		if got := breakers.States()[0]; got.State != "closed" || got.Failures != 0 {
			t.Errorf("%+v", got)
		}
	})
}

// While a service is down, each failed call is logged; calls that the breaker refuses are not.
func TestCallsThatFailAreLoggedUntilTheBreakerOpens(t *testing.T) {
	t.Parallel()
	for code, want := range map[codes.Code]int{
		codes.Unavailable: 10, codes.Internal: 10, codes.NotFound: 0, codes.ResourceExhausted: 0, codes.DeadlineExceeded: 0,
	} {
		synctest.Test(t, func(t *testing.T) {
			var log syncBuffer
			conn := dialThingsLogging(t, slog.New(slog.NewJSONHandler(&log, nil)), breaker.NewSet(discard), startThings(t, fails(code)))
			for range 50 {
				_ = invoke(t.Context(), conn, create)
			}
			lines := strings.Count(log.take(), `"method":"`+create+`"`)
			if lines != want {
				t.Errorf("%s: %d lines for 50 calls, want %d", code, lines, want)
			}
		})
	}
}
