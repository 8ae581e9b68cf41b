package admission

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Metrics of all limiters of this process, for each class.
var (
	running = perClass(promauto.NewGaugeVec(prometheus.GaugeOpts{
		Name: "souk_admission_running", Help: "Work that has a place.",
	}, []string{"class"}).WithLabelValues)
	queued = perClass(promauto.NewGaugeVec(prometheus.GaugeOpts{
		Name: "souk_admission_waiting", Help: "Work that waits for a place.",
	}, []string{"class"}).WithLabelValues)
	refused = perClass(promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "souk_admission_refused_total", Help: "Work that was refused for want of a place.",
	}, []string{"class"}).WithLabelValues)
)

// perClass returns the metric of each class, so that each is shown from the start.
func perClass[M any](of func(labels ...string) M) (metrics [classes]M) {
	for class := range metrics {
		metrics[class] = of(Class(class).String())
	}
	return metrics
}

// Refused counts work that was refused because its class was Full.
func Refused(class Class) { refused[class].Inc() }
