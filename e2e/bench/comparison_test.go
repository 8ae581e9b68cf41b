package bench

import (
	"strings"
	"testing"
	"time"
)

// p99s returns runs with these latencies.
func p99s(milliseconds ...int) []Run {
	var all []Run
	for _, ms := range milliseconds {
		r := runOf(100, 1)
		r.P99 = time.Duration(ms) * time.Millisecond
		all = append(all, r)
	}
	return all
}

func TestAComparisonIsTheMedianOfTheRatiosOfItsRounds(t *testing.T) {
	t.Parallel()
	few, many := side{size: 100}, side{size: 100_000}
	for _, c := range []struct {
		comparison *Comparison
		runs       [2][]Run
		ratio      Figure
		short      bool
	}{
		// The machine was slower in the second round, for both sides.
		{perCPUOf("add", "carts", 0.9, few, many), [2][]Run{{runOf(100, 1), runOf(10, 1), runOf(100, 1)}, {runOf(90, 1), runOf(9, 1), runOf(50, 1)}}, Figure{0.9, 0.5, 0.9}, false},
		{perCPUOf("add", "carts", 0.9, few, many), [2][]Run{{runOf(100, 1)}, {runOf(89, 1)}}, Figure{0.89, 0.89, 0.89}, true},
		{perCPUOf("add", "carts", 0, few, many), [2][]Run{{runOf(100, 1)}, {runOf(1, 1)}}, Figure{0.01, 0.01, 0.01}, false},
		{p99Of("list", 1.5, few, many), [2][]Run{p99s(10, 100, 10), p99s(15, 150, 30)}, Figure{1.5, 1.5, 3}, false},
		{p99Of("list", 1.5, few, many), [2][]Run{p99s(10), p99s(16)}, Figure{1.6, 1.6, 1.6}, true},
		{p99Of("list", 0, few, many), [2][]Run{p99s(10), p99s(100)}, Figure{10, 10, 10}, false},
	} {
		c.comparison.runs = c.runs
		c.comparison.finish()
		if c.comparison.Ratio != c.ratio || c.comparison.Short != c.short {
			t.Errorf("%s: %v, short: %v; want %v, %v", c.comparison.title(), c.comparison.Ratio, c.comparison.Short, c.ratio, c.short)
		}
	}
}

func TestTheGrowthTableHasBothSidesAndTheBar(t *testing.T) {
	t.Parallel()
	add := perCPUOf("add to a cart", "carts", 0.9, side{size: 100}, side{size: 100_000})
	add.runs = [2][]Run{{runOf(1000, 1)}, {runOf(800, 1)}}
	list := p99Of("list", 1.5, side{size: 1000}, side{size: 100_000})
	list.runs = [2][]Run{p99s(10), p99s(12)}
	view := perCPUOf("view a cart", "lines", 0, side{size: 1}, side{size: 1000})
	view.runs = [2][]Run{{runOf(1000, 1)}, {runOf(100, 1)}}
	r := newGrowthReport(Grown, Compared)
	r.Comparisons = []*Comparison{add, list, view}
	r.finish()
	var table strings.Builder
	if err := r.Print(&table); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"add to a cart requests/CPU-s 100 carts 1000 100,000 carts 800 0 0.80 ≥ 0.9 short",
		"list p99 ms 1,000 products 10.0 100,000 products 12.0 0 1.20 ≤ 1.5 pass",
		"view a cart requests/CPU-s 1 line 1000 1,000 lines 100 0 0.10",
	} {
		if !strings.Contains(strings.Join(strings.Fields(table.String()), " "), want) {
			t.Errorf("the table has no %q:\n%s", want, table.String())
		}
	}
}

func TestNumbersAreGroupedByThousands(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 100_000: "100,000", 10_000_000: "10,000,000"} {
		if got := grouped(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}
