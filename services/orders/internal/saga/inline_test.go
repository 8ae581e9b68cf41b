package saga

import (
	"context"
	"testing"
	"time"
)

func TestARequestStopsEarlyEnoughToAnswer(t *testing.T) {
	t.Parallel()
	s := New(nil, nil, time.Minute, nil)
	for _, test := range []struct{ caller, want time.Duration }{{time.Hour, time.Minute}, {10 * time.Second, 10*time.Second - answerTime}} {
		ctx, cancel := context.WithTimeout(t.Context(), test.caller)
		inline, stop := s.Inline(ctx)
		deadline, _ := inline.Deadline()
		if left := time.Until(deadline); left > test.want || left < test.want-time.Second {
			t.Errorf("a caller that waits for %v: %v are left, want %v", test.caller, left, test.want)
		}
		stop()
		cancel()
	}
}
