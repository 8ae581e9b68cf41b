package checkout

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"souk/services/orders/internal/order"
	"souk/services/orders/internal/saga"
)

func TestACheckoutWhoseCallerLeftHasNotFailed(t *testing.T) {
	t.Parallel()
	left, leave := context.WithCancel(t.Context())
	leave()
	late, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	unavailable := fmt.Errorf("%w: payments", saga.ErrUnavailable)
	for name, test := range map[string]struct {
		ctx  context.Context //nolint:containedctx // the input of a case
		err  error
		want string
	}{
		"answered":                        {t.Context(), nil, "confirmed"},
		"answered just before":            {left, nil, "confirmed"},
		"refused":                         {t.Context(), ErrCartEmpty, outcomeRefused},
		"refused just before":             {left, ErrCartEmpty, outcomeRefused},
		"a peer is away":                  {t.Context(), unavailable, outcomeUnavailable},
		"a call that the caller ended":    {left, unavailable, outcomeLeft},
		"a database that the caller left": {left, fmt.Errorf("save: %w", context.Canceled), outcomeLeft},
		"too slow for the caller":         {late, context.DeadlineExceeded, outcomeFailed},
		"failed":                          {t.Context(), errors.New("no such table"), outcomeFailed},
	} {
		placement := Placement{}
		if test.err == nil {
			placement.Order.Status = order.StatusConfirmed
		}
		if got := outcomeOf(test.ctx, placement, test.err); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}
