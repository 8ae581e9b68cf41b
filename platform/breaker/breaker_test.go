package breaker_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"souk/platform/admission"
	"souk/platform/breaker"
	"souk/testkit/scrape"
)

func newSet() *breaker.Set { return breaker.NewSet(slog.New(slog.DiscardHandler)) }

// The called service.
const peer = "carts"

var errAway = status.Error(codes.Unavailable, "away")

// calls makes n calls of method that end with err, and returns how many reached the callee, and the last error.
func calls(t *testing.T, set *breaker.Set, method string, n int, err error) (reached int, last error) {
	t.Helper()
	return callsOf(t, admission.Browsing, set, method, n, err)
}

// callsOf makes calls of a class.
func callsOf(t *testing.T, class admission.Class, set *breaker.Set, method string, n int, err error) (reached int, last error) {
	t.Helper()
	ctx := admission.WithClass(t.Context(), class)
	invoke := func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error {
		reached++
		return err
	}
	for range n {
		last = set.Unary(peer)(ctx, method, nil, nil, nil, invoke)
	}
	return reached, last
}

func TestABreakerOpensRefusesAndClosesAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		set := newSet()
		if reached, _ := calls(t, set, "/a", 50, errAway); reached != 10 {
			t.Errorf("%d of 50 failing calls reached the callee, want 10", reached)
		}
		if reached, last := calls(t, set, "/a", 1, nil); status.Code(last) != codes.Unavailable || reached != 0 {
			t.Errorf("an open breaker: %v, reached %d; want a refusal", last, reached)
		}
		if reached, last := calls(t, set, "/b", 1, nil); last != nil || reached != 1 {
			t.Errorf("another method: %v, reached %d; want it unharmed", last, reached)
		}
		time.Sleep(2 * time.Second)
		if reached, last := calls(t, set, "/a", 5, nil); last != nil || reached != 5 {
			t.Errorf("after healing: %v, reached %d of 5", last, reached)
		}
	})
}

func TestEarlierSuccessesDoNotKeepABreakerClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		set := newSet()
		for range 10 {
			_, _ = calls(t, set, "/a", 1000, nil)
			time.Sleep(time.Second)
		}
		if reached, _ := calls(t, set, "/a", 50, errAway); reached != 10 {
			t.Errorf("%d of 50 failing calls reached the callee, want 10", reached)
		}
	})
}

func TestABreakerStaysClosedIfHalfOfTheCallsSucceed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		set := newSet()
		for range 50 { // one of two instances is unwell
			for _, err := range []error{nil, errAway} {
				if reached, _ := calls(t, set, "/a", 1, err); reached != 1 {
					t.Fatal("the breaker is open")
				}
			}
			time.Sleep(100 * time.Millisecond)
		}
		if reached, _ := calls(t, set, "/a", 50, errAway); reached > 10 {
			t.Errorf("when both are: %d of 50 calls reached them, want 10 at most", reached)
		}
	})
}

func TestAFailedTrialOpensABreakerAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		set := newSet()
		_, _ = calls(t, set, "/a", 10, errAway)
		reached := 0
		for range 30 {
			time.Sleep(1100 * time.Millisecond)
			n, _ := calls(t, set, "/a", 10, errAway)
			reached += n
		}
		if reached != 30 {
			t.Errorf("%d of 300 calls reached a callee that was tried 30 times", reached)
		}
	})
}

// A callee with too much to do refuses one class and has places for the other.
func TestRefusalsOfAClassDoNotOpenTheBreakerOfTheOther(t *testing.T) {
	t.Parallel()
	full := status.Error(codes.ResourceExhausted, "overloaded")
	for _, refused := range []admission.Class{admission.Browsing, admission.Checkout} {
		set, other := newSet(), admission.Checkout-refused
		for range 50 {
			_, _ = callsOf(t, refused, set, "/a", 1, full)
			if reached, err := callsOf(t, other, set, "/a", 1, nil); err != nil || reached != 1 {
				t.Fatalf("%v is refused: a call of %v: %v, reached %d", refused, other, err, reached)
			}
		}
		if reached, _ := callsOf(t, refused, set, "/a", 50, full); reached != 0 {
			t.Errorf("%d more calls of %v reached the callee, want its breaker to be open", reached, refused)
		}
	}
}

func TestTheCallersMistakesDoNotOpenABreaker(t *testing.T) {
	t.Parallel()
	for _, code := range []codes.Code{codes.InvalidArgument, codes.NotFound, codes.Unauthenticated, codes.PermissionDenied, codes.FailedPrecondition, codes.Aborted, codes.Canceled, codes.AlreadyExists} {
		if reached, _ := calls(t, newSet(), "/a", 50, status.Error(code, "")); reached != 50 {
			t.Errorf("%s: %d of 50 calls reached the callee, want all", code, reached)
		}
	}
}

func TestACalleesFaultsOpenABreaker(t *testing.T) {
	t.Parallel()
	for _, code := range []codes.Code{codes.Unavailable, codes.DeadlineExceeded, codes.Internal, codes.ResourceExhausted} {
		if reached, _ := calls(t, newSet(), "/a", 50, status.Error(code, "")); reached != 10 {
			t.Errorf("%s: %d of 50 calls reached the callee, want 10", code, reached)
		}
	}
}

func TestExcusedCallsAreNotCounted(t *testing.T) {
	t.Parallel()
	late := status.Error(codes.DeadlineExceeded, "late")
	for name, err := range map[string]error{"left": status.Error(codes.Canceled, "left"), "hurried": breaker.Excused(late)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				set := newSet()
				reached, last := calls(t, set, "/a", 50, err)
				if reached != 50 || status.Code(last) != status.Code(err) {
					t.Errorf("%d of 50 calls reached the callee, %v", reached, last)
				}
				if reached, _ := calls(t, set, "/a", 50, errAway); reached != 10 {
					t.Errorf("then %d of 50 failing calls did, want 10", reached)
				}
				time.Sleep(2 * time.Second)
				_, _ = calls(t, set, "/a", 50, err)
				if states := set.States(); states[0].State != "half-open" {
					t.Errorf("as a trial it made the breaker %s, want it to try on", states[0].State)
				}
				if reached, last := calls(t, set, "/a", 5, nil); last != nil || reached != 5 {
					t.Errorf("after healing: %v, reached %d of 5", last, reached)
				}
			})
		})
	}
	if err := breaker.Excused(late); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("%v", err)
	}
}

func TestTheCallerOfAnExcusedCallGetsTheOriginalError(t *testing.T) {
	t.Parallel()
	late := status.Error(codes.DeadlineExceeded, "late")
	if _, err := calls(t, newSet(), "/a", 1, breaker.Excused(late)); err != late { //nolint:errorlint // the very same
		t.Errorf("%v, want what the callee answered", err)
	}
}

func TestHealthChecksHaveNoBreaker(t *testing.T) {
	t.Parallel()
	set := newSet()
	const method = "/grpc.health.v1.Health/Check"
	if reached, _ := calls(t, set, method, 50, errAway); reached != 50 || len(set.States()) != 0 {
		t.Errorf("%d of 50 calls reached the callee, breakers %v; want all and none", reached, set.States())
	}
}

func TestStatesReportsEveryBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		set := newSet()
		_, _ = calls(t, set, "/z", 2, nil)
		_, _ = calls(t, set, "/z", 1, errAway)
		_, _ = calls(t, set, "/a", 50, errAway)
		want := []breaker.State{
			{Peer: peer, Method: "/a", Class: "browsing", State: "open"}, {Peer: peer, Method: "/z", Class: "browsing", State: "closed", Requests: 3, Failures: 1},
		}
		if got := set.States(); !slices.Equal(got, want) {
			t.Errorf("%+v, want %+v", got, want)
		}
		time.Sleep(2 * time.Second)
		if got := set.States()[0]; got.State != "half-open" {
			t.Errorf("after a while: %+v, want half-open", got)
		}
		if text, err := json.Marshal(set.States()[1]); err != nil || string(text) != `{"peer":"carts","method":"/z","class":"browsing","state":"closed","requests":3,"failures":1}` {
			t.Errorf("%s, %v", text, err)
		}
	})
}

func TestStateChangesAreCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		set := newSet()
		method := "/" + rand.Text() // counts are the process's
		for range 2 {
			_, _ = calls(t, set, method, 10, errAway)
			time.Sleep(2 * time.Second)
			_, _ = calls(t, set, method, 3, nil)
		}
		for _, state := range []string{"open", "half-open", "closed"} {
			if n := transitionsTo(t, method, state); n != 2 {
				t.Errorf("to %s: %v times, want 2", state, n)
			}
		}
	})
}

func TestTheCounterOfOpeningsIsThereFromTheFirstCall(t *testing.T) {
	t.Parallel()
	method := rand.Text()
	if _, err := calls(t, newSet(), "/"+method, 1, nil); err != nil {
		t.Fatal(err)
	}
	metrics, err := scrape.Own()
	if err != nil {
		t.Fatal(err)
	}
	const name = "souk_breaker_transitions_total"
	if n := metrics.Count(name, "peer", peer, "method", method, "to", "open"); n != 1 {
		t.Errorf("%d counters, want 1", n)
	}
	if sum := metrics.Sum(name, "method", method); sum != 0 {
		t.Errorf("%v changes", sum)
	}
}

// transitionsTo returns how often the breaker of a method has changed to state.
func transitionsTo(t *testing.T, method, state string) float64 {
	t.Helper()
	metrics, err := scrape.Own()
	if err != nil {
		t.Fatal(err)
	}
	return metrics.Sum("souk_breaker_transitions_total", "peer", peer, "method", strings.TrimPrefix(method, "/"), "class", "browsing", "to", state)
}
