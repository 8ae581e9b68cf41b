package pgfeed

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var (
	readAt = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Name: "souk_feed_last_success_timestamp_seconds", Help: "When this process last read another service's feed, with or without news. Before the first time, when it began to try.",
	}, []string{"feed"})
	readEntries = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "souk_feed_entries_total", Help: "Changes that this process has read from another service's feed.",
	}, []string{"feed"})
)

// begun has the feeds that this process reads.
var begun sync.Map

// Begin shows the metrics of a feed from when its reader begins, so that a feed that was never read counts as not read since then. Only
// the first call for a feed has an effect.
func Begin(feed string) {
	if _, again := begun.LoadOrStore(feed, true); again {
		return
	}
	readAt.WithLabelValues(feed).SetToCurrentTime()
	readEntries.WithLabelValues(feed)
}

// CountRead counts a successful read of a feed by its reader.
func CountRead(feed string, entries int) {
	readAt.WithLabelValues(feed).SetToCurrentTime()
	readEntries.WithLabelValues(feed).Add(float64(entries))
}
