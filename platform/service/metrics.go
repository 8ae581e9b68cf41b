package service

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var (
	backgroundRuns = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "souk_background_runs_total", Help: "Runs of work that a process repeats.",
	}, []string{"work", "outcome"})
	backgroundSuccess = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Name: "souk_background_last_success_timestamp_seconds", Help: "When work that a process repeats last succeeded.",
	}, []string{"work"})
)

// runs counts the runs of one kind of repeated work.
type runs struct {
	ok, failed prometheus.Counter
	success    prometheus.Gauge
}

func runsOf(work string) runs {
	return runs{backgroundRuns.WithLabelValues(work, "ok"), backgroundRuns.WithLabelValues(work, "failed"), backgroundSuccess.WithLabelValues(work)}
}

func (r runs) count(err error) {
	if err != nil {
		r.failed.Inc()
		return
	}
	r.ok.Inc()
	r.success.SetToCurrentTime()
}

// publishMetrics shows the process's own metrics at the admin port, until the process stops. If several processes of the shop
// run in one, as in tests, the first one is shown.
func (s *Service) publishMetrics() {
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "souk_build_info", Help: "1, with the version and the commit of the binary.",
	}, []string{"version", "commit"})
	built := current()
	build.WithLabelValues(built.version, built.commit).Set(1)
	expiry := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "souk_certificate_expiry_timestamp_seconds", Help: "When the process's certificate ends; 0 without one.",
	}, func() float64 { return unix(s.identity.Expiry()) })
	for _, metric := range []prometheus.Collector{build, expiry, s.breakers} {
		if prometheus.Register(metric) == nil {
			s.OnStop(func() { prometheus.Unregister(metric) })
		}
	}
}

func unix(at time.Time) float64 {
	if at.IsZero() {
		return 0
	}
	return float64(at.Unix())
}
