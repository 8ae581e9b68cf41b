// Package timing measures whether the time of an answer tells what the answer does not.
package timing

import (
	"math"
	"os"
	"slices"
	"testing"
	"time"
)

// Pairs returns how many pairs are measured: 1,000 with SOUK_TIMING=long, which takes minutes.
func Pairs() int {
	if os.Getenv("SOUK_TIMING") == "long" {
		return 1000
	}
	return 60
}

// Compare asks in pairs about what is known and what is nobody's, each time with the number of the pair, and fails the test if one of them
// takes longer more often than chance explains. In pairs, because the machine does other things, which slow both of a pair down. The test
// must not be parallel, for the same reason.
func Compare(t *testing.T, known, nobody func(pair int) error) {
	t.Helper()
	pairs := Pairs()
	first, second := make([]time.Duration, pairs), make([]time.Duration, pairs)
	measure := func(took []time.Duration, ask func(int) error, pair int) {
		start := time.Now()
		if err := ask(pair); err != nil {
			t.Fatal(err)
		}
		took[pair] = time.Since(start)
	}
	longer := 0
	for pair := range pairs {
		if pair%2 == 0 {
			measure(first, known, pair)
			measure(second, nobody, pair)
		} else {
			measure(second, nobody, pair)
			measure(first, known, pair)
		}
		if first[pair] > second[pair] {
			longer++
		}
	}
	slices.Sort(first)
	slices.Sort(second)
	off := float64(longer) - float64(pairs)/2
	deviations := off / (math.Sqrt(float64(pairs)) / 2)
	t.Logf("measured: of %d pairs, what is known took longer in %d (%+.1f standard deviations); medians %v and %v",
		pairs, longer, deviations, first[pairs/2], second[pairs/2])
	// Without a difference, the number is within 4 standard deviations of the half, but for 1 in 16,000 runs.
	if math.Abs(deviations) > 4 {
		t.Errorf("what is known took longer in %d of %d pairs", longer, pairs)
	}
}
