package breaker

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

var stateDesc = prometheus.NewDesc("souk_breaker_state", "State of a circuit breaker: 0 closed, 1 half-open, 2 open.", []string{"peer", "method", "class"}, nil)

var stateValues = map[string]float64{"closed": 0, "half-open": 1, "open": 2}

// Describe implements prometheus.Collector.
func (s *Set) Describe(out chan<- *prometheus.Desc) { out <- stateDesc }

// Collect implements prometheus.Collector: it sends the state of each breaker.
func (s *Set) Collect(out chan<- prometheus.Metric) {
	for _, b := range s.States() {
		out <- prometheus.MustNewConstMetric(stateDesc, prometheus.GaugeValue, stateValues[b.State], b.Peer, strings.TrimPrefix(b.Method, "/"), b.Class)
	}
}
