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

// occupy starts a call that takes a place of s until the returned function is called.
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

func TestCallsBeyondTheCapacityAreRefused(t *testing.T) {
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

func TestCheckoutHasAPlaceThatBrowsingCannotTake(t *testing.T) {
	t.Parallel()
	// Browsing may use three of four places. So the fourth place shows whether the callee knows the call's class.
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

func TestRefusedBrowsingDoesNotOpenTheBreakerForCheckouts(t *testing.T) {
	t.Parallel()
	limiter := admission.New(4)
	for range 3 { // as many as browsing may use
		if _, err := limiter.Enter(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	conn := serveWithin(t, nil, limiter).dial(t, "gateway")
	var queue sync.WaitGroup
	defer queue.Wait()
	for range 8 { // as many as may wait
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

func TestAServerReportsItsOwnTimeout(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	conn := s.dial(t, "gateway")
	s.does(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
	// The server reserves 50 ms for its answer. On a busy machine that may be too short, so there are several tries.
	var err error
	for range 5 {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		err = call(ctx, conn)
		inTime := ctx.Err() == nil
		cancel()
		// The client's own error would say "context deadline exceeded".
		if inTime && status.Code(err) == codes.DeadlineExceeded && status.Convert(err).Message() == "deadline exceeded" {
			return
		}
	}
	t.Errorf("%v, want the server's own deadline error", err)
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
	// The server computes its deadline from the time left when the call arrives, so it may be a little later.
	deadline, _ := ctx.Deadline()
	if !second.Before(first) || first.After(deadline.Add(time.Second)) {
		t.Errorf("deadlines: caller %v, first server %v, second server %v", deadline, first, second)
	}
}

func TestAnExpiredCallIsNotHandled(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	conn := s.dial(t, "gateway")
	if err := call(t.Context(), conn); err != nil { // to establish the connection
		t.Fatal(err)
	}
	s.does(func(ctx context.Context) error {
		if ctx.Err() != nil {
			t.Error("the handler ran although the deadline was over")
		}
		return nil
	})
	for left := range 20 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(left)*time.Millisecond/2)
		_ = call(ctx, conn)
		cancel()
	}
}
