package bench

import (
	"testing"
	"time"
)

func TestPercentileIsTheNearestRank(t *testing.T) {
	t.Parallel()
	var hundred []time.Duration
	for i := range 100 {
		hundred = append(hundred, time.Duration(i+1))
	}
	for _, c := range []struct {
		sorted []time.Duration
		p      float64
		want   time.Duration
	}{
		{nil, 0.99, 0}, {hundred[:1], 0.5, 1}, {hundred[:1], 0.99, 1}, {hundred, 0.5, 50}, {hundred, 0.99, 99}, {hundred, 1, 100}, {hundred[:3], 0.5, 2},
	} {
		if got := percentile(c.sorted, c.p); got != c.want {
			t.Errorf("percentile %v of %d latencies is %v, want %v", c.p, len(c.sorted), got, c.want)
		}
	}
}

func TestFigureIsTheMedianWithTheRange(t *testing.T) {
	t.Parallel()
	if got, want := figureOf([]float64{3, 1, 2}), (Figure{Median: 2, Min: 1, Max: 3}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := figureOf([]float64{5}), (Figure{Median: 5, Min: 5, Max: 5}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}
