package pgdb

import (
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
)

var (
	connectionsDesc = prometheus.NewDesc("souk_db_pool_connections", "Connections to the database: in use, idle, and the limit.", []string{"state"}, nil)
	waitsDesc       = prometheus.NewDesc("souk_db_pool_waits_total", "How often work waited for a connection.", nil, nil)
	waitTimeDesc    = prometheus.NewDesc("souk_db_pool_wait_seconds_total", "How long work waited for connections.", nil, nil)
)

// poolMetrics reads the metrics of a pool when they are asked for.
type poolMetrics struct{ pool *pgxpool.Pool }

// Describe implements prometheus.Collector.
func (m poolMetrics) Describe(out chan<- *prometheus.Desc) { prometheus.DescribeByCollect(m, out) }

// Collect implements prometheus.Collector.
func (m poolMetrics) Collect(out chan<- prometheus.Metric) {
	stat := m.pool.Stat()
	for state, n := range map[string]int32{"acquired": stat.AcquiredConns(), "idle": stat.IdleConns(), "max": stat.MaxConns()} {
		out <- prometheus.MustNewConstMetric(connectionsDesc, prometheus.GaugeValue, float64(n), state)
	}
	out <- prometheus.MustNewConstMetric(waitsDesc, prometheus.CounterValue, float64(stat.EmptyAcquireCount()))
	out <- prometheus.MustNewConstMetric(waitTimeDesc, prometheus.CounterValue, stat.EmptyAcquireWaitTime().Seconds())
}

// publish shows the metrics of pool at the admin port until withdraw is called. A process with several pools shows the first.
func publish(pool *pgxpool.Pool) (withdraw func()) {
	metrics := poolMetrics{pool}
	if prometheus.Register(metrics) != nil {
		return func() {}
	}
	return func() { prometheus.Unregister(metrics) }
}
