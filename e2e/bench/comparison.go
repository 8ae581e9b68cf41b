package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// Comparison is one figure at two sizes of something.
type Comparison struct {
	Name string `json:"name"`
	// Of is what there is few of on one side, and much of on the other.
	Of string `json:"of"`
	// Unit is that of Few and Many.
	Unit string  `json:"unit"`
	Few  sideRow `json:"few"`
	Many sideRow `json:"many"`
	// Ratio is that of the figure with many to the one with few, of the two runs of each round.
	Ratio Figure `json:"ratio"`
	// Bar is what the ratio should reach, or should not exceed if it is of latencies. Without a bar it is 0.
	Bar   float64 `json:"bar,omitempty"`
	Short bool    `json:"short,omitempty"`

	latency bool // the figure is a latency, which should be low
	sides   [2]side
	runs    [2][]Run
}

// sideRow is what was measured of one side.
type sideRow struct {
	Size   int    `json:"size"`
	Figure Figure `json:"figure"`
	Errors int    `json:"errors"`
	Runs   []Run  `json:"runs"`
}

// perCPUOf compares requests for each second of processor time.
func perCPUOf(name, of string, bar float64, few, many side) *Comparison {
	return &Comparison{Name: name, Of: of, Unit: "requests/CPU-s", Bar: bar, sides: [2]side{few, many}}
}

// p99Of compares the latency that one request in a hundred exceeds, with few and with many products.
func p99Of(name string, bar float64, few, many side) *Comparison {
	return &Comparison{Name: name, Of: "products", Unit: "p99 ms", Bar: bar, latency: true, sides: [2]side{few, many}}
}

// cost compares the same runs by requests for each second of processor time, without a bar. It tells a request that has become dearer
// from a machine that was busy.
func (c *Comparison) cost() *Comparison {
	costs := perCPUOf(c.Name, c.Of, 0, c.sides[0], c.sides[1])
	costs.runs = c.runs
	return costs
}

// plan returns how it is measured: twice as long for a latency, because the slowest of a hundred requests needs many of them.
func (c *Comparison) plan(p Plan) Plan {
	if c.latency {
		p.Length *= 2
	}
	return p
}

func (c *Comparison) title() string {
	return fmt.Sprintf("%s, with %s and %s %s", c.Name, grouped(c.sides[0].size), grouped(c.sides[1].size), c.Of)
}

// figure is what is compared of a run.
func (c *Comparison) figure(r Run) float64 {
	if c.latency {
		return milliseconds(r.P99)
	}
	return r.perCPU()
}

// finish makes the figures out of the runs.
func (c *Comparison) finish() {
	for i, row := range []*sideRow{&c.Few, &c.Many} {
		*row = sideRow{Size: c.sides[i].size, Figure: figureOfRuns(c.runs[i], c.figure), Runs: c.runs[i]}
		for _, run := range row.Runs {
			row.Errors += run.Errors
		}
	}
	var ratios []float64
	for round := range c.runs[0] {
		ratios = append(ratios, c.figure(c.runs[1][round])/c.figure(c.runs[0][round]))
	}
	c.Ratio = figureOf(ratios)
	if c.latency {
		c.Short = c.Bar > 0 && c.Ratio.Median > c.Bar
	} else {
		c.Short = c.Ratio.Median < c.Bar
	}
}

func (c *Comparison) cells() []string {
	digits := 0
	if c.latency {
		digits = 1
	}
	errors := fmt.Sprint(c.Few.Errors + c.Many.Errors)
	cells := []string{
		c.Name, c.Unit, counted(c.Few.Size, c.Of), c.Few.Figure.text(digits), counted(c.Many.Size, c.Of), c.Many.Figure.text(digits),
		errors, c.Ratio.text(2), "", "",
	}
	if c.Bar == 0 {
		return cells
	}
	cells[8], cells[9] = "≥ "+fmt.Sprint(c.Bar), "pass"
	if c.latency {
		cells[8] = "≤ " + fmt.Sprint(c.Bar)
	}
	if c.Short {
		cells[9] = "short"
	}
	return cells
}

// counted writes how many there are of something: 1 line, 1,000 lines.
func counted(n int, of string) string {
	if n == 1 {
		of = strings.TrimSuffix(of, "s")
	}
	return grouped(n) + " " + of
}

// grouped writes a number with commas: 1,000,000.
func grouped(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// GrowthReport is a whole measurement of a shop that grows.
type GrowthReport struct {
	At          time.Time     `json:"at"`
	Machine     string        `json:"machine"`
	Sizes       Sizes         `json:"sizes"`
	Rounds      int           `json:"rounds"`
	Minutes     float64       `json:"minutes"`
	Comparisons []*Comparison `json:"comparisons"`
}

func newGrowthReport(sizes Sizes, plan Plan) *GrowthReport {
	return &GrowthReport{At: time.Now().UTC(), Machine: machine(), Sizes: sizes, Rounds: plan.Rounds}
}

func (r *GrowthReport) finish() {
	for _, c := range r.Comparisons {
		c.finish()
	}
	r.Minutes = time.Since(r.At).Minutes()
}

// Save writes the report as JSON into a folder, named by its time, and returns the file's path.
func (r *GrowthReport) Save(dir string) (string, error) {
	content, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return "", err
	}
	return save(dir, "growth-"+r.At.Format(fileTime)+".json", content)
}

// Print writes the table.
func (r *GrowthReport) Print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(cells ...string) { _, _ = fmt.Fprintln(w, strings.Join(cells, "\t")) } // Flush has the error
	line("request", "figure", "few", "", "many", "", "errors", "ratio", "bar", "")
	for _, c := range r.Comparisons {
		line(c.cells()...)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\nMedians of %d rounds, with the lowest and the highest in brackets; a ratio is of the two runs of a round. "+
		"It took %.0f minutes on %s.\n", r.Rounds, r.Minutes, r.Machine)
	return err
}
