package bench

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestBarsForProcessorTimeScaleWithTheMachine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		bar   bar
		speed float64
		want  float64
	}{
		{bar{perCPU, 3000}, referenceSpeed, 3000}, {bar{perCPU, 3000}, referenceSpeed / 2, 1500}, {bar{perCPU, 150}, 2 * referenceSpeed, 300},
		{bar{perCPU, 800}, 0, 800}, {bar{ofFloor, 0.3}, 1, 0.3}, {bar{tail, 5}, 1, 5},
	} {
		if got := c.bar.scaled(c.speed).value; got != c.want {
			t.Errorf("%v is %v at a speed of %v, want %v", c.bar, got, c.speed, c.want)
		}
	}
}

func TestABarIsReachedFromItsSide(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		bar    bar
		figure float64
		want   bool
	}{
		{bar{perCPU, 800}, 800, true}, {bar{perCPU, 800}, 799, false}, {bar{tail, 5}, 5, true}, {bar{tail, 5}, 5.1, false}, {bar{ofUniform, 0.7}, math.NaN(), false},
	} {
		if got := c.bar.passes(c.figure); got != c.want {
			t.Errorf("%v passes %v: %v", c.figure, c.bar, got)
		}
	}
}

// runOf returns a run that made so many requests in a second, and used so many seconds of processor time.
func runOf(requests int, cpu float64) Run {
	return Run{Requests: requests, Seconds: 1, P50: 2 * time.Millisecond, P99: 8 * time.Millisecond, CPU: Usage{goServices: cpu / 2, postgres: cpu / 2}}
}

func TestReportComparesMediansWithFloorsAndBars(t *testing.T) {
	t.Parallel()
	half := runOf(referenceSpeed, 1)
	half.Driver = 1
	r := newReport(map[string][]Run{
		memoryFloor:   {half}, // half as fast as the reference, with the driver
		checkoutFloor: {runOf(400, 1)},
		detail:        {runOf(1000, 1), runOf(5000, 2), runOf(900, 1)}, // 1,000, 2,500 and 900 for each second of processor time
		order:         {runOf(100, 1)},
		orderHot:      {runOf(90, 1)},
		mix:           {runOf(501, 1)},
	}, 0)
	for name, want := range map[string]struct {
		toFloor float64
		short   bool
	}{
		detail: {1000.0 / referenceSpeed, true}, order: {0.25, true}, orderHot: {0.225, false}, mix: {501.0 / referenceSpeed, false},
	} {
		row := r.row(name)
		if row.ToFloor != want.toFloor || row.Short != want.short {
			t.Errorf("%s is %v of its floor and short: %v, want %v and %v", name, row.ToFloor, row.Short, want.toFloor, want.short)
		}
	}
	if got, want := r.row(detail).PerCPU, (Figure{Median: 1000, Min: 900, Max: 2500}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	var table strings.Builder
	if err := r.Print(&table); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"1000 (900–2500)", "500/CPU-s", "0.35 of floor short", "0.30 of floor short", "500/CPU-s pass"} {
		if !strings.Contains(strings.Join(strings.Fields(table.String()), " "), want) {
			t.Errorf("the table has no %q:\n%s", want, table.String())
		}
	}
}

func TestAHotSKUThatIsOversoldIsShort(t *testing.T) {
	t.Parallel()
	runs := map[string][]Run{order: {runOf(100, 1)}, orderHot: {runOf(100, 1)}}
	if newReport(runs, 0).row(orderHot).Short || !newReport(runs, 1).row(orderHot).Short {
		t.Error("one piece oversold decides whether it is short")
	}
}
