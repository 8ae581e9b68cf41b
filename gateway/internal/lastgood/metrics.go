package lastgood

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var copyReads = promauto.NewCounterVec(prometheus.CounterOpts{
	Name: "souk_copy_reads_total", Help: "Reads of the catalog: from the copy (hit), from catalog (miss), and old answers in place of a failed one (stale).",
}, []string{"result"})

// CopyHit counts a read that was answered from the copy.
var CopyHit = copyReads.WithLabelValues("hit")

var (
	copyMiss  = copyReads.WithLabelValues("miss")
	copyStale = copyReads.WithLabelValues("stale")
	copyAge   = promauto.NewHistogram(prometheus.HistogramOpts{
		Name: "souk_copy_age_seconds", Help: "Age of old answers that were given in place of failed ones.", Buckets: []float64{1, 10, 60, 600, 3600},
	})
)
