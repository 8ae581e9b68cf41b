package rpc_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"souk/platform/admission"
	"souk/platform/rpc"
)

// occupy has a call take a place of s until the function it returns is called.
func occupy(t *testing.T, s *server) (release func()) {
	t.Helper()
	began, end := make(chan struct{}), make(chan struct{})
	s.does(func(context.Context) error {
		close(began)
		<-end
		return nil
	})
	conn := s.dial(t, "gateway")
	var done sync.WaitGroup
	done.Go(func() {
		if err := call(admission.WithClass(t.Context(), admission.Checkout), conn); err != nil {
			t.Errorf("the call that was there first: %v", err)
		}
	})
	<-began
	s.does(func(context.Context) error { return nil })
	return func() { close(end); done.Wait() }
}

func TestACallWithoutAPlaceIsRefused(t *testing.T) {
	t.Parallel()
	s := serveWithin(t, nil, admission.New(1))
	release := occupy(t, s)
	conn := s.dial(t, "gateway")
	err := call(t.Context(), conn)
	if status.Code(err) != codes.ResourceExhausted || rpc.Reason(err) != "OVERLOADED" {
		t.Errorf("%v (%s), want %v %s", err, rpc.Reason(err), codes.ResourceExhausted, "OVERLOADED")
	}
	if err := stream(t.Context(), conn); status.Code(err) == codes.ResourceExhausted {
		t.Errorf("health is refused: %v", err)
	}
	release()
	if err := call(t.Context(), conn); err != nil {
		t.Errorf("with the place free again: %v", err)
	}
}

func TestCheckoutHasAPlaceThatBrowsingHasNot(t *testing.T) {
	t.Parallel()
	// Of four places browsing may use three, so that the fourth shows whether a call's class arrived.
	limiter := admission.New(4)
	for range 3 {
		if _, err := limiter.Enter(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	near, far := serve(t, nil), serveWithin(t, nil, limiter)
	onward := far.dial(t, "orders")
	near.does(func(ctx context.Context) error { return call(ctx, onward) })
	conn := near.dial(t, "gateway")
	if err := call(t.Context(), conn); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("browsing: %v", err)
	}
	if err := call(admission.WithClass(t.Context(), admission.Checkout), conn); err != nil {
		t.Errorf("checkout, two calls away: %v", err)
	}
}

func TestBrowsingThatIsRefusedDoesNotCloseTheWayForCheckouts(t *testing.T) {
	t.Parallel()
	limiter := admission.New(4)
	for range 3 { // all that browsing may have
		if _, err := limiter.Enter(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	conn := serveWithin(t, nil, limiter).dial(t, "gateway")
	var queue sync.WaitGroup
	defer queue.Wait()
	for range 8 { // all that may wait
		queue.Go(func() { _ = call(t.Context(), conn) })
	}
	code := codes.OK
	for start := time.Now(); code != codes.Unavailable; code = status.Code(call(t.Context(), conn)) {
		if time.Since(start) > 10*time.Second {
			t.Fatal("the breaker of browsing does not open")
		}
	}
	if err := call(admission.WithClass(t.Context(), admission.Checkout), conn); err != nil {
		t.Errorf("checkout: %v", err)
	}
}

func TestAServerReportsItsTimeoutItself(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	conn := s.dial(t, "gateway")
	s.does(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
	// The server keeps 50 ms back, and on a busy machine an answer may need longer.
	var err error
	for range 5 {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		err = call(ctx, conn)
		inTime := ctx.Err() == nil
		cancel()
		// Our own client would say "context deadline exceeded".
		if inTime && status.Code(err) == codes.DeadlineExceeded && status.Convert(err).Message() == "deadline exceeded" {
			return
		}
	}
	t.Errorf("%v, want the server to say that the time is over", err)
}

func TestEachHopHasLessTime(t *testing.T) {
	t.Parallel()
	far, near := serve(t, nil), serve(t, nil)
	onward := far.dial(t, "orders")
	var first, second time.Time
	far.does(func(ctx context.Context) error { second, _ = ctx.Deadline(); return nil })
	near.does(func(ctx context.Context) error { first, _ = ctx.Deadline(); return call(ctx, onward) })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := call(ctx, near.dial(t, "gateway")); err != nil {
		t.Fatal(err)
	}
	// What a call takes on its way its server does not know of, and has longer.
	deadline, _ := ctx.Deadline()
	if !second.Before(first) || first.After(deadline.Add(time.Second)) {
		t.Errorf("the caller waits until %v, the first server works until %v, the second until %v", deadline, first, second)
	}
}

func TestACallWhoseTimeIsOverIsNotBegun(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	conn := s.dial(t, "gateway")
	if err := call(t.Context(), conn); err != nil { // so that it is connected
		t.Fatal(err)
	}
	s.does(func(ctx context.Context) error {
		if ctx.Err() != nil {
			t.Error("a call was begun that nobody waits for")
		}
		return nil
	})
	for left := range 20 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(left)*time.Millisecond/2)
		_ = call(ctx, conn)
		cancel()
	}
}
