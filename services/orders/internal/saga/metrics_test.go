package saga

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"souk/services/orders/internal/order"
)

func TestAStepThatWasOvertakenOrLeftHasNotFailed(t *testing.T) {
	t.Parallel()
	left, leave := context.WithCancel(t.Context())
	leave()
	late, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	for name, test := range map[string]struct {
		ctx  context.Context //nolint:containedctx // the input of a case
		err  error
		want string
	}{
		"done":                      {t.Context(), nil, stepDone},
		"done just before":          {left, nil, stepDone},
		"another process was first": {t.Context(), fmt.Errorf("save: %w", order.ErrConflict), stepOvertaken},
		"the caller left":           {left, ErrUnavailable, stepLeft},
		"its time is over":          {late, ErrUnavailable, stepFailed},
		"a peer is away":            {t.Context(), ErrUnavailable, stepFailed},
		"failed":                    {t.Context(), errors.New("no such table"), stepFailed},
	} {
		if got := outcomeOf(test.ctx, test.err); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}
