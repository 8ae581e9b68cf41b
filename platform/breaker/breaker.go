// Package breaker stops calls to a method that keeps failing. It has a circuit breaker for each peer, gRPC method and class of
// work, on the caller's side.
package breaker

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/sony/gobreaker/v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"souk/platform/admission"
)

const (
	// A closed breaker counts the calls of the last 20 seconds, in buckets of one second. A call that takes longer than that is
	// not counted; only long polls may take so long.
	countFor   = 20 * time.Second
	countPiece = time.Second
	// An open breaker allows a trial call after this long.
	openFor = time.Second
	// A half-open breaker allows this many calls at a time, and closes after this many successes.
	trials = 3
	// A breaker opens if at least this many calls have ended and more than half of them failed.
	leastCalls = 10
	// It also opens if this many calls failed in a row, however many succeeded before.
	mostInARow = 10
)

var transitions = promauto.NewCounterVec(prometheus.CounterOpts{
	Name: "souk_breaker_transitions_total", Help: "State changes of circuit breakers, by the new state.",
}, []string{"peer", "method", "class", "to"})

// Set holds the breakers of one process. There is one for each peer, because several services may serve the same method and one of
// them may be down. There is one for each class, because an overloaded callee refuses browsing first and still accepts checkouts:
// with one breaker for both classes, the refused browsing calls would stop the checkouts as well.
type Set struct {
	logger   *slog.Logger
	mu       sync.Mutex
	breakers map[kind]*gobreaker.CircuitBreaker[any]
}

// kind identifies a breaker. peer is the called service.
type kind struct {
	peer, method string
	class        admission.Class
}

func (k kind) String() string { return k.peer + " " + k.method + " " + k.class.String() }

// changes returns the counter of the breaker's changes to a state.
func (k kind) changes(to gobreaker.State) prometheus.Counter {
	return transitions.WithLabelValues(k.peer, strings.TrimPrefix(k.method, "/"), k.class.String(), to.String())
}

// NewSet returns an empty set, which logs and counts the state changes of its breakers.
func NewSet(logger *slog.Logger) *Set {
	return &Set{logger: logger, breakers: map[kind]*gobreaker.CircuitBreaker[any]{}}
}

// Unary returns the client interceptor for calls to the service peer. With the breaker open, a call fails at once with UNAVAILABLE.
func (s *Set) Unary(peer string) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		if IsHealth(method) {
			return invoke(ctx, method, req, reply, cc, opts...)
		}
		_, err := s.of(ctx, peer, method).Execute(func() (any, error) {
			return nil, invoke(ctx, method, req, reply, cc, opts...)
		})
		return outcome(method, err)
	}
}

// Stream returns the client interceptor for streams from the service peer. It counts whether a stream opens, not how it ends.
func (s *Set) Stream(peer string) grpc.StreamClientInterceptor {
	return func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		if IsHealth(method) {
			return open(ctx, desc, cc, method, opts...)
		}
		stream, err := s.of(ctx, peer, method).Execute(func() (any, error) {
			return open(ctx, desc, cc, method, opts...)
		})
		if err != nil {
			return nil, outcome(method, err)
		}
		return stream.(grpc.ClientStream), nil
	}
}

// IsHealth reports whether method belongs to gRPC's health service. Health checks have no breaker, because each of them has to reach
// the callee.
func IsHealth(method string) bool { return strings.HasPrefix(method, "/grpc.health.v1.Health/") }

func (s *Set) of(ctx context.Context, peer, method string) *gobreaker.CircuitBreaker[any] {
	k := kind{peer, method, admission.ClassOf(ctx)}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.breakers[k]
	if !ok {
		b = gobreaker.NewCircuitBreaker[any](s.settings(k))
		s.breakers[k] = b
		k.changes(gobreaker.StateOpen) // is shown from the start, because Prometheus takes no notice of the first count of a new metric
	}
	return b
}

func (s *Set) settings(k kind) gobreaker.Settings {
	return gobreaker.Settings{
		Name:         k.String(),
		MaxRequests:  trials,
		Interval:     countFor,
		BucketPeriod: countPiece,
		Timeout:      openFor,
		ReadyToTrip:  isFailing,
		// The breaker holds its lock here, so calling one of its methods would deadlock.
		OnStateChange: func(_ string, from, to gobreaker.State) {
			k.changes(to).Inc()
			s.logger.Warn("breaker changed", "peer", k.peer, "method", k.method, "class", k.class.String(), "from", from.String(), "to", to.String())
		},
		IsSuccessful: func(err error) bool { return !isFault(err) },
		IsExcluded:   saysNothing,
	}
}

// isFailing counts only calls that have ended, because a hanging callee has many calls under way.
func isFailing(c gobreaker.Counts) bool {
	ended := c.TotalSuccesses + c.TotalFailures
	return c.ConsecutiveFailures >= mostInARow || ended >= leastCalls && c.TotalFailures*2 > ended
}

// isFault reports whether err is the fault of the callee rather than of the caller.
func isFault(err error) bool {
	switch status.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Internal, codes.ResourceExhausted:
		return true
	default:
		return false
	}
}

// saysNothing reports whether err tells nothing about the callee's health. Such a call counts neither as a success, which would
// close the breaker of a hanging callee, nor as a failure, which would let one caller or one instance open the breaker for all.
func saysNothing(err error) bool {
	var excused *excusedError
	return errors.As(err, &excused) || status.Code(err) == codes.Canceled
}

// excusedError marks the error of a call that must not count.
type excusedError struct{ error }

func (e *excusedError) Unwrap() error { return e.error }

// Excused marks err so that the breaker does not count the call, for example because the call had too little time, or failed at
// the one bad instance of a service. Interceptors inside the breaker's use it; the caller gets err unmarked.
func Excused(err error) error {
	var already *excusedError
	if errors.As(err, &already) {
		return err
	}
	return &excusedError{err}
}

// outcome converts err to the error that the caller gets.
func outcome(method string, err error) error {
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return status.Errorf(codes.Unavailable, "%s: %v", method, err)
	}
	var excused *excusedError
	if errors.As(err, &excused) {
		return excused.error
	}
	return err
}
