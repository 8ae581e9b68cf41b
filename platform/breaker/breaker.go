// Package breaker is responsible for not calling what keeps failing: a circuit breaker for each gRPC
// method and class of work, on the caller's side.
package breaker

import (
	"context"
	"errors"
	"expvar"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"souk/platform/admission"
)

const (
	// A closed breaker counts the calls of this last while, and forgets them a piece at a time. A call that takes longer is
	// not counted at all; of all methods only long polls may.
	countFor   = 20 * time.Second
	countPiece = time.Second
	// An open breaker lets a call try again after this long.
	openFor = time.Second
	// Calls let through at once while it tries; when so many have succeeded it closes.
	trials = 3
	// A breaker opens once this many calls ended, more than half of them in failure, ...
	leastCalls = 10
	// ... or when this many have failed one after another, whatever went well before.
	mostInARow = 10
)

// transitions counts the changes of all breakers, as "METHOD CLASS to STATE".
var transitions = expvar.NewMap("breaker_transitions")

// Set holds the breakers of one process: one for each full method name and class. An overloaded callee refuses browsing
// first and still takes checkouts. With one breaker for both, the refusals of browsing would stop checkouts as well.
type Set struct {
	logger   *slog.Logger
	mu       sync.Mutex
	breakers map[kind]*gobreaker.CircuitBreaker[any]
}

// kind is what has a breaker of its own.
type kind struct {
	method string
	class  admission.Class
}

func (k kind) String() string { return k.method + " " + k.class.String() }

// NewSet returns an empty set that logs and counts each change of a breaker's state.
func NewSet(logger *slog.Logger) *Set {
	return &Set{logger: logger, breakers: map[kind]*gobreaker.CircuitBreaker[any]{}}
}

// Unary is the client interceptor. A call that an open breaker refuses fails at once as UNAVAILABLE.
func (s *Set) Unary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if IsHealth(method) {
		return invoke(ctx, method, req, reply, cc, opts...)
	}
	_, err := s.of(ctx, method).Execute(func() (any, error) {
		return nil, invoke(ctx, method, req, reply, cc, opts...)
	})
	return outcome(method, err)
}

// Stream is the client interceptor for streams; it judges how a stream opens.
func (s *Set) Stream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	if IsHealth(method) {
		return open(ctx, desc, cc, method, opts...)
	}
	stream, err := s.of(ctx, method).Execute(func() (any, error) {
		return open(ctx, desc, cc, method, opts...)
	})
	if err != nil {
		return nil, outcome(method, err)
	}
	return stream.(grpc.ClientStream), nil
}

// IsHealth reports whether method is of gRPC's health service. It has the same name in every service of the shop, so one
// breaker would count the calls to all of them together.
func IsHealth(method string) bool { return strings.HasPrefix(method, "/grpc.health.v1.Health/") }

func (s *Set) of(ctx context.Context, method string) *gobreaker.CircuitBreaker[any] {
	k := kind{method, admission.ClassOf(ctx)}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.breakers[k]
	if !ok {
		b = gobreaker.NewCircuitBreaker[any](s.settings(k))
		s.breakers[k] = b
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
		// The breaker is locked while this runs: to ask it anything here is a deadlock.
		OnStateChange: func(name string, from, to gobreaker.State) {
			transitions.Add(name+" to "+to.String(), 1)
			s.logger.Warn("breaker changed", "method", k.method, "class", k.class.String(), "from", from.String(), "to", to.String())
		},
		IsSuccessful: func(err error) bool { return !isFault(err) },
		IsExcluded:   saysNothing,
	}
}

// isFailing counts only calls that have ended, because a callee that hangs has many under way.
func isFailing(c gobreaker.Counts) bool {
	ended := c.TotalSuccesses + c.TotalFailures
	return c.ConsecutiveFailures >= mostInARow || ended >= leastCalls && c.TotalFailures*2 > ended
}

// isFault reports whether err says that the callee is unwell, rather than that the caller erred.
func isFault(err error) bool {
	switch status.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Internal, codes.ResourceExhausted:
		return true
	default:
		return false
	}
}

// saysNothing reports whether err does not tell how the callee is. Such a call counts neither way: as a success it would
// close the breaker of a callee that hangs, and as a failure it would let one caller or one instance open the breaker for
// all.
func saysNothing(err error) bool {
	var excused *excusedError
	return errors.As(err, &excused) || status.Code(err) == codes.Canceled
}

// excusedError is of a call that the callee is not judged by.
type excusedError struct{ error }

func (e *excusedError) Unwrap() error { return e.error }

// Excused marks the error of a call that the callee is not to be judged by, such as one that was given too little time, or
// that met the one bad instance among good ones. An interceptor inside of the breaker's uses it; its callers get err.
func Excused(err error) error {
	var already *excusedError
	if errors.As(err, &already) {
		return err
	}
	return &excusedError{err}
}

// outcome is what the caller sees of err.
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
