package watch

import (
	"syscall"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"souk/deploy/audit"
)

// metrics are the results of the audits. There are numbers of violations after the first audit that could read the shop, so that a
// restart does not say that there are none.
type metrics struct {
	registry    *prometheus.Registry
	violations  *prometheus.GaugeVec // by check
	lastRun     prometheus.Gauge
	lastSuccess prometheus.Gauge
}

func newMetrics(disks []string) *metrics {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	m := &metrics{
		registry: prometheus.NewRegistry(),
		violations: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "souk_audit_violations", Help: "Differences that a check of the last audit found.",
		}, []string{"check"}),
		lastRun:     gauge("souk_audit_last_run_timestamp_seconds", "End of the last audit, 0 before the first."),
		lastSuccess: gauge("souk_audit_last_success_timestamp_seconds", "End of the last audit that could read the shop, 0 before the first."),
	}
	m.registry.MustRegister(m.violations, m.lastRun, m.lastSuccess, disk(disks),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// show shows the result of an audit.
func (m *metrics) show(report *audit.Report, err error) {
	m.lastRun.SetToCurrentTime()
	if err != nil {
		return
	}
	m.lastSuccess.SetToCurrentTime()
	for _, check := range report.Checks {
		m.violations.WithLabelValues(check.Name).Set(float64(check.Broken))
	}
}

// disk collects the size and the free space of the file systems of folders.
type disk []string

var (
	diskSize = prometheus.NewDesc("souk_disk_size_bytes", "Size of the file system of a folder.", []string{"path"}, nil)
	diskFree = prometheus.NewDesc("souk_disk_free_bytes", "What is free of it for processes that are not root's.", []string{"path"}, nil)
)

// Describe implements prometheus.Collector.
func (disk) Describe(out chan<- *prometheus.Desc) { out <- diskSize; out <- diskFree }

// Collect implements prometheus.Collector.
func (d disk) Collect(out chan<- prometheus.Metric) {
	for _, path := range d {
		var stat syscall.Statfs_t
		if err := syscall.Statfs(path, &stat); err != nil {
			out <- prometheus.NewInvalidMetric(diskFree, err)
			continue
		}
		block := float64(stat.Bsize)
		out <- prometheus.MustNewConstMetric(diskSize, prometheus.GaugeValue, float64(stat.Blocks)*block, path)
		out <- prometheus.MustNewConstMetric(diskFree, prometheus.GaugeValue, float64(stat.Bavail)*block, path)
	}
}
