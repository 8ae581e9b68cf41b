package saga

import (
	"context"
	"time"

	"souk/platform/idempotency"
)

// answerGrace is how long after its time a request may still be saving its answer.
const answerGrace = time.Second

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

// AnswerLate answers a request with the key of an earlier one that has no answer. When the earlier one has ended or has had its time, its
// work as it stands is the answer. Otherwise the earlier one may be running, and AnswerLate returns idempotency.ErrInProgress. Only a call
// that the gateway makes again, because it got no answer, goes on with the work: the process that had the call before may have died, and
// if it has not, both may work.
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
