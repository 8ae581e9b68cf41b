package bench

import (
	"math"
	"slices"
	"time"
)

// percentile returns the smallest latency that at least the fraction p of all latencies do not exceed (the nearest rank). The
// latencies must be sorted. Of none it is 0.
func percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(p * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// Figure is the median of several runs, with the lowest and the highest.
type Figure struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// figureOf sums the runs up. Of an even number the median is the lower one of the two in the middle. There must be one at least.
func figureOf(runs []float64) Figure {
	sorted := slices.Sorted(slices.Values(runs))
	return Figure{Median: sorted[(len(sorted)-1)/2], Min: sorted[0], Max: sorted[len(sorted)-1]}
}
