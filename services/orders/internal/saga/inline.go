package saga

import (
	"context"
	"time"
)

// answerTime is the part of a caller's deadline that is left to save and send the answer.
const answerTime = 500 * time.Millisecond

// Inline returns the context in which a request works on a saved order. It ends with the context of the caller, and early enough to
// still answer the caller in time.
func (s *Saga) Inline(ctx context.Context) (context.Context, context.CancelFunc) {
	budget := s.inline
	if deadline, ok := ctx.Deadline(); ok {
		budget = min(budget, time.Until(deadline)-answerTime)
	}
	return context.WithTimeout(ctx, budget)
}
