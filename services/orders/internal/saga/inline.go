package saga

import (
	"context"
	"time"

	"souk/platform/idempotency"
)

const (
	// answerTime is the part of a caller's deadline that is left to save and send the answer.
	answerTime = 500 * time.Millisecond
	// answerGrace is how long after its time a request may still be saving its answer.
	answerGrace = time.Second
)

// Inline returns the context in which a request works on a saved order. It ends with the context of the caller, and early enough to
// still answer the caller in time.
func (s *Saga) Inline(ctx context.Context) (context.Context, context.CancelFunc) {
	budget := s.inline
	if deadline, ok := ctx.Deadline(); ok {
		budget = min(budget, time.Until(deadline)-answerTime)
	}
	return context.WithTimeout(ctx, budget)
}

// Unanswered is a request that used an idempotency key and whose answer is not saved.
type Unanswered[T any] struct {
	// Done tells that its work has ended.
	Done bool
	// Began is when it came.
	Began time.Time
	// Answer saves what the work has come to so far as the answer, unless there is one by now, and returns the answer that stands.
	Answer func(ctx context.Context) (T, error)
	// Finish goes on with the work, for as long as a request may take, and then does what Answer does.
	Finish func(ctx context.Context) (T, error)
}

// AnswerLate answers a request that came with the key of an earlier one that has no answer: either the earlier one is still running,
// which is idempotency.ErrInProgress, or its process died. A call that the gateway makes again, because it got no answer, goes on with
// the work itself: the process that had the call before may be gone, and if it is not, both may work.
func AnswerLate[T any](ctx context.Context, s *Saga, earlier Unanswered[T], retried bool) (T, error) {
	switch {
	case earlier.Done || time.Since(earlier.Began) >= s.inline+answerGrace:
		return earlier.Answer(ctx)
	case retried:
		return earlier.Finish(ctx)
	default:
		var none T
		return none, idempotency.ErrInProgress
	}
}
