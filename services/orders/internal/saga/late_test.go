package saga

import (
	"context"
	"errors"
	"testing"
	"time"

	"souk/platform/idempotency"
)

func TestALateAnswerDependsOnTheEarlierRequest(t *testing.T) {
	t.Parallel()
	s := New(nil, nil, time.Minute, nil)
	says := func(text string) func(context.Context) (string, error) {
		return func(context.Context) (string, error) { return text, nil }
	}
	for name, test := range map[string]struct {
		done    bool
		ago     time.Duration
		retried bool
		want    string
		err     error
	}{
		"it has ended":               {done: true, want: "answer"},
		"it has had its time":        {ago: time.Minute + answerGrace, want: "answer"},
		"it may still be running":    {ago: time.Minute, err: idempotency.ErrInProgress},
		"the gateway calls again":    {retried: true, want: "finish"},
		"it called again when ended": {done: true, retried: true, want: "answer"},
	} {
		earlier := Unanswered[string]{Done: test.done, Began: time.Now().Add(-test.ago), Answer: says("answer"), Finish: says("finish")}
		if got, err := AnswerLate(t.Context(), s, earlier, test.retried); got != test.want || !errors.Is(err, test.err) {
			t.Errorf("%s: %q, %v; want %q, %v", name, got, err, test.want, test.err)
		}
	}
}
