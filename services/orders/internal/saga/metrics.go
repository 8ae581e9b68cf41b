package saga

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"souk/services/orders/internal/order"
)

var steps = promauto.NewCounterVec(prometheus.CounterOpts{
	Name: "souk_saga_steps_total", Help: "Steps of orders that were tried. A step that failed is tried again.",
}, []string{"step", "outcome"})

const (
	stepDone   = "done"
	stepFailed = "failed"
)

func init() {
	for _, task := range order.Tasks() {
		for _, outcome := range []string{stepDone, stepFailed} {
			steps.WithLabelValues(task.String(), outcome) // so that each is shown from the start
		}
	}
}

func countStep(task order.Task, err error) {
	outcome := stepDone
	if err != nil {
		outcome = stepFailed
	}
	steps.WithLabelValues(task.String(), outcome).Inc()
}
