package rpc_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"souk/platform/access"
	"souk/platform/breaker"
	"souk/platform/rpc"
	"souk/testkit/accesstest"
)

// issuer signs tokens and is the key source that verifies them.
type issuer struct{ private ed25519.PrivateKey }

// Key implements access.KeySource.
func (i issuer) Key(context.Context, string) (ed25519.PublicKey, error) {
	return i.private.Public().(ed25519.PublicKey), nil
}

func newIssuer(t *testing.T) issuer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return issuer{private}
}

func (i issuer) token(t *testing.T) string {
	t.Helper()
	return accesstest.Token(t, i.private, "k", "customer-1", time.Now().Add(time.Minute))
}

func TestACallWithoutADeadlineGetsOne(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	conn := s.dial(t, "orders")
	var left time.Duration
	s.does(func(ctx context.Context) error {
		deadline, ok := ctx.Deadline()
		if !ok {
			return errors.New("no deadline")
		}
		left = time.Until(deadline)
		return nil
	})
	if err := call(context.WithoutCancel(t.Context()), conn); err != nil || left <= 0 || left > 5*time.Second {
		t.Errorf("%v left, %v; want 5 s", left, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if err := call(ctx, conn); err != nil || left <= 0 || left > 2*time.Second {
		t.Errorf("%v left, %v; want the caller's own 2 s", left, err)
	}
}

func TestACallThatTakesTooLongEnds(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	conn := s.dial(t, "orders")
	if err := call(t.Context(), conn); err != nil { // to establish the connection
		t.Fatal(err)
	}
	ended := make(chan struct{})
	s.does(func(ctx context.Context) error {
		<-ctx.Done()
		close(ended)
		return ctx.Err()
	})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := call(ctx, conn); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("%v, want %v", err, codes.DeadlineExceeded)
	}
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("the handler is still running")
	}
}

// seen is what a handler knows about its request.
type seen struct {
	caller access.Caller
	id     string
}

func TestTheTokenAndTheRequestIDGoFromServiceToService(t *testing.T) {
	t.Parallel()
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := newIssuer(t)
			near, far := serve(t, i), serve(t, i)
			onward := far.dial(t, "orders")
			var nearby, faraway seen
			near.does(func(ctx context.Context) error {
				nearby = seen{access.FromContext(ctx), rpc.RequestID(ctx)}
				return way(ctx, onward)
			})
			far.does(func(ctx context.Context) error {
				faraway = seen{access.FromContext(ctx), rpc.RequestID(ctx)}
				return status.Error(codes.NotFound, "enough")
			})
			ctx := access.WithToken(rpc.WithRequestID(t.Context(), "req-1"), i.token(t))
			if err := way(ctx, near.dial(t, "gateway")); status.Code(err) != codes.NotFound {
				t.Fatal(err)
			}
			for service, s := range map[string]seen{"gateway": nearby, "orders": faraway} {
				if s.caller.CustomerID != "customer-1" || s.caller.Service != service || s.id != "req-1" {
					t.Errorf("%s called as %+v", service, s)
				}
			}
		})
	}
}

func TestAnAnonymousCallStaysAnonymous(t *testing.T) {
	t.Parallel()
	s := serve(t, newIssuer(t))
	var got seen
	s.does(func(ctx context.Context) error {
		got = seen{access.FromContext(ctx), rpc.RequestID(ctx)}
		return nil
	})
	if err := call(t.Context(), s.dial(t, "orders")); err != nil || got.caller.Authenticated() || got.caller.Service != "orders" || got.id != "" {
		t.Errorf("%v, called as %+v", err, got)
	}
}

func TestAFailingCalleeGetsFewCalls(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	conn := s.dial(t, "orders")
	reached := 0
	s.does(func(context.Context) error {
		reached++
		return errors.New("bug")
	})
	for range 50 {
		if err := call(t.Context(), conn); err == nil {
			t.Fatal("it did not fail")
		}
	}
	if reached >= 50 {
		t.Errorf("%d of 50 calls reached it", reached)
	}
}

func TestACallToAMissingServerIsUnavailableAtOnce(t *testing.T) {
	t.Parallel()
	// Nothing listens on port 1 of the loopback interface.
	conn, err := rpc.Dial("passthrough:///127.0.0.1:1", "customers", identity(t, "orders"), breaker.NewSet(discard), discard)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	start := time.Now()
	if err := call(t.Context(), conn); status.Code(err) != codes.Unavailable || time.Since(start) > 4*time.Second {
		t.Errorf("%v after %v, want %v at once", err, time.Since(start), codes.Unavailable)
	}
}
