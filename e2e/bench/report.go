package bench

import (
	"math"
	"time"
)

// The names of the rows that are no scenarios.
const (
	memoryFloor   = "floor: memory"
	readFloor     = "floor: read"
	checkoutFloor = "floor: checkout"
	orderAt       = "order at 70 %"
)

// Row is what was measured of a scenario or a floor.
type Row struct {
	Name   string `json:"name"`
	Rate   Figure `json:"requests_per_second"`
	P50    Figure `json:"p50_ms"`
	P99    Figure `json:"p99_ms"`
	Errors int    `json:"errors"`
	// CPU is processor time in seconds by group, in the median run.
	CPU    Usage  `json:"cpu_seconds"`
	PerCPU Figure `json:"requests_per_cpu_second"`
	// ToFloor is the ratio to the scenario's floor: of orders, requests a second; of anything else, requests for each second of
	// processor time. 0 if it was not measured.
	ToFloor float64 `json:"to_floor,omitempty"`
	// Bars are what it should reach, and Short tells that it does not.
	Bars  []string `json:"bars,omitempty"`
	Short bool     `json:"short,omitempty"`
	Runs  []Run    `json:"runs"`
}

// Report is a whole measurement.
type Report struct {
	At      time.Time `json:"at"`
	Machine string    `json:"machine"`
	Rows    []Row     `json:"rows"`
	// Oversold is how many pieces of the hot SKU were sold and are not gone from the stock.
	Oversold int64 `json:"oversold"`
	// Speed is the memory floor's requests for each second of processor time of its server and the driver together.
	Speed float64 `json:"speed,omitempty"`
	// Memory is that of the Go processes.
	Memory *Memory `json:"memory,omitempty"`
}

// rowOrder is how the table is read: the floors first.
func rowOrder() []string {
	names := []string{memoryFloor, readFloor, checkoutFloor}
	for _, s := range Scenarios {
		names = append(names, s.Name)
	}
	return append(names, orderAt)
}

func newReport(runs map[string][]Run, oversold int64) *Report {
	r := &Report{At: time.Now().UTC(), Machine: machine(), Oversold: oversold}
	for _, name := range rowOrder() {
		if len(runs[name]) > 0 {
			r.Rows = append(r.Rows, newRow(name, runs[name]))
		}
	}
	if len(runs[memoryFloor]) > 0 {
		r.Speed = figureOfRuns(runs[memoryFloor], Run.perCPUOfAll).Median
	}
	for i := range r.Rows {
		r.compare(&r.Rows[i])
	}
	return r
}

func figureOfRuns(runs []Run, of func(Run) float64) Figure {
	var all []float64
	for _, run := range runs {
		all = append(all, of(run))
	}
	return figureOf(all)
}

func newRow(name string, runs []Run) Row {
	figure := func(of func(Run) float64) Figure { return figureOfRuns(runs, of) }
	row := Row{Name: name, Rate: figure(Run.rate), PerCPU: figure(Run.perCPU), Runs: runs}
	row.P50 = figure(func(r Run) float64 { return milliseconds(r.P50) })
	row.P99 = figure(func(r Run) float64 { return milliseconds(r.P99) })
	for _, run := range runs {
		row.Errors += run.Errors
		if run.perCPU() == row.PerCPU.Median {
			row.CPU = run.CPU
		}
	}
	return row
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// row returns the row with a name, or nil.
func (r *Report) row(name string) *Row {
	for i := range r.Rows {
		if r.Rows[i].Name == name {
			return &r.Rows[i]
		}
	}
	return nil
}

// compare holds a row against its floor and its bars.
func (r *Report) compare(row *Row) {
	row.ToFloor = r.toFloor(row)
	for _, b := range bars[row.Name] {
		b = b.scaled(r.Speed)
		row.Bars = append(row.Bars, b.String())
		row.Short = row.Short || !b.passes(r.figure(row, b.kind))
	}
	row.Short = row.Short || row.Name == orderHot && r.Oversold > 0
}

// toFloor returns the ratio of a row to its floor, or 0.
func (r *Report) toFloor(row *Row) float64 {
	switch row.Name {
	case memoryFloor, readFloor, checkoutFloor, orderAt:
		return 0
	case order, orderHot:
		if floor := r.row(checkoutFloor); floor != nil {
			return row.Rate.Median / floor.Rate.Median
		}
		return 0
	case asked:
		if floor := r.row(readFloor); floor != nil {
			return row.PerCPU.Median / floor.PerCPU.Median
		}
		return 0
	}
	if floor := r.row(memoryFloor); floor != nil {
		return row.PerCPU.Median / floor.PerCPU.Median
	}
	return 0
}

// figure returns the figure that a bar of that kind is about. It is no number if there is nothing to compare with.
func (r *Report) figure(row *Row, k kind) float64 {
	switch k {
	case perCPU:
		return row.PerCPU.Median
	case ofFloor:
		return row.ToFloor
	case tail:
		return row.P99.Median / row.P50.Median
	}
	if uniform := r.row(order); uniform != nil {
		return row.Rate.Median / uniform.Rate.Median
	}
	return math.NaN()
}
