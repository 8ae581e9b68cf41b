// Package breaker is responsible for not calling what keeps failing: a circuit breaker for each gRPC
// method, on the caller's side.
package breaker

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	// Counts are forgotten after this long while a breaker is closed.
	countFor = 10 * time.Second
	// An open breaker lets a call try again after this long.
	openFor = 2 * time.Second
	// Calls let through at once while it tries.
	trials = 3
	// A breaker opens once it saw this many calls, more than half of which failed.
	leastCalls = 10
)

// Set holds the breakers of one connection, one for each full method name.
type Set struct {
	logger   *slog.Logger
	mu       sync.Mutex
	breakers map[string]*gobreaker.CircuitBreaker[any]
}

// NewSet returns an empty set that logs each change of a breaker's state.
func NewSet(logger *slog.Logger) *Set {
	return &Set{logger: logger, breakers: map[string]*gobreaker.CircuitBreaker[any]{}}
}

// Unary is the client interceptor. A call that an open breaker refuses fails at once as UNAVAILABLE.
func (s *Set) Unary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	_, err := s.of(method).Execute(func() (any, error) {
		return nil, invoke(ctx, method, req, reply, cc, opts...)
	})
	return refusal(method, err)
}

// Stream is the client interceptor for streams; it judges how a stream opens.
func (s *Set) Stream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	stream, err := s.of(method).Execute(func() (any, error) {
		return open(ctx, desc, cc, method, opts...)
	})
	if err != nil {
		return nil, refusal(method, err)
	}
	return stream.(grpc.ClientStream), nil
}

func (s *Set) of(method string) *gobreaker.CircuitBreaker[any] {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.breakers[method]
	if !ok {
		b = gobreaker.NewCircuitBreaker[any](s.settings(method))
		s.breakers[method] = b
	}
	return b
}

func (s *Set) settings(method string) gobreaker.Settings {
	return gobreaker.Settings{
		Name:        method,
		MaxRequests: trials,
		Interval:    countFor,
		Timeout:     openFor,
		ReadyToTrip: func(c gobreaker.Counts) bool {
			return c.Requests >= leastCalls && c.TotalFailures*2 > c.Requests
		},
		// The breaker is locked while this runs: it must not ask it anything.
		OnStateChange: func(name string, from, to gobreaker.State) {
			s.logger.Warn("breaker changed", "method", name, "from", from.String(), "to", to.String())
		},
		IsSuccessful: func(err error) bool { return !isFault(err) },
	}
}

// isFault reports whether err says that the callee is unwell, rather than that the caller erred or left.
func isFault(err error) bool {
	switch status.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Internal, codes.ResourceExhausted:
		return true
	default:
		return false
	}
}

func refusal(method string, err error) error {
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return status.Errorf(codes.Unavailable, "%s: %v", method, err)
	}
	return err
}
