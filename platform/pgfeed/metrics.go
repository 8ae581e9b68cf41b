package pgfeed

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var (
	readAt = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Name: "souk_feed_last_success_timestamp_seconds", Help: "When this process last read another service's feed, with or without news.",
	}, []string{"feed"})
	readEntries = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "souk_feed_entries_total", Help: "Changes that this process has read from another service's feed.",
	}, []string{"feed"})
)

// CountRead counts a successful read of a feed by its reader.
func CountRead(feed string, entries int) {
	readAt.WithLabelValues(feed).SetToCurrentTime()
	readEntries.WithLabelValues(feed).Add(float64(entries))
}
