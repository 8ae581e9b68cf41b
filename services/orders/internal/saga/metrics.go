package saga

import (
	"context"
	"errors"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"souk/services/orders/internal/order"
)

var steps = promauto.NewCounterVec(prometheus.CounterOpts{
	Name: "souk_saga_steps_total", Help: "Steps of orders that were tried. One that failed or was left is tried again; one that was overtaken was done by another process or request.",
}, []string{"step", "outcome"})

const (
	stepDone      = "done"
	stepOvertaken = "overtaken" // somebody else changed the order meanwhile
	stepLeft      = "left"      // the caller did not wait, or the process stops
	stepFailed    = "failed"
)

func init() {
	for _, task := range order.Tasks() {
		for _, outcome := range []string{stepDone, stepOvertaken, stepLeft, stepFailed} {
			steps.WithLabelValues(task.String(), outcome) // so that each is shown from the start
		}
	}
}

// outcomeOf returns what came of a step.
func outcomeOf(ctx context.Context, err error) string {
	switch {
	case err == nil:
		return stepDone
	case errors.Is(err, order.ErrConflict):
		return stepOvertaken
	case errors.Is(ctx.Err(), context.Canceled): // whatever error that led to
		return stepLeft
	default:
		return stepFailed
	}
}
