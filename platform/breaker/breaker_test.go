package breaker_test

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"souk/platform/breaker"
)

// calls makes n calls of method that end with err, and returns how many reached the callee, and the last error.
func calls(t *testing.T, set *breaker.Set, method string, n int, err error) (reached int, last error) {
	t.Helper()
	invoke := func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error {
		reached++
		return err
	}
	for range n {
		last = set.Unary(t.Context(), method, nil, nil, nil, invoke)
	}
	return reached, last
}

func TestABreakerOpensRefusesAndClosesAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		set := breaker.NewSet(slog.New(slog.DiscardHandler))
		away := status.Error(codes.Unavailable, "away")
		if reached, _ := calls(t, set, "/a", 50, away); reached != 10 {
			t.Errorf("%d of 50 failing calls reached the callee, want 10", reached)
		}
		if reached, last := calls(t, set, "/a", 1, nil); status.Code(last) != codes.Unavailable || reached != 0 {
			t.Errorf("an open breaker: %v, reached %d; want a refusal", last, reached)
		}
		if reached, last := calls(t, set, "/b", 1, nil); last != nil || reached != 1 {
			t.Errorf("another method: %v, reached %d; want it unharmed", last, reached)
		}
		time.Sleep(3 * time.Second)
		if reached, last := calls(t, set, "/a", 5, nil); last != nil || reached != 5 {
			t.Errorf("after healing: %v, reached %d of 5", last, reached)
		}
	})
}

func TestTheCallersMistakesDoNotOpenABreaker(t *testing.T) {
	t.Parallel()
	for _, code := range []codes.Code{codes.InvalidArgument, codes.NotFound, codes.Unauthenticated, codes.PermissionDenied, codes.FailedPrecondition, codes.Aborted, codes.Canceled, codes.AlreadyExists} {
		set := breaker.NewSet(slog.New(slog.DiscardHandler))
		if reached, _ := calls(t, set, "/a", 50, status.Error(code, "")); reached != 50 {
			t.Errorf("%s: %d of 50 calls reached the callee, want all", code, reached)
		}
	}
}
