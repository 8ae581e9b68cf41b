package bench

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Print writes the table.
func (r *Report) Print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(cells ...string) { _, _ = fmt.Fprintln(w, strings.Join(cells, "\t")) } // Flush has the error
	line("scenario", "req/s", "p50 ms", "p99 ms", "errors", "Go", "PostgreSQL", "FerretDB", "Consul", "req/CPU-s", "of floor", "bar", "")
	for _, row := range r.Rows {
		line(row.cells()...)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\nMedians of %d runs, with the lowest and the highest in brackets. Go, PostgreSQL, FerretDB and Consul: seconds of processor time.\n"+
		"Oversold of the hot SKU: %d. Measured on %s.\n", len(r.Rows[0].Runs), r.Oversold, r.Machine)
	if err == nil && r.Memory != nil {
		_, err = fmt.Fprintln(out, r.Memory.text())
	}
	return err
}

func (row *Row) cells() []string {
	cells := []string{
		row.Name, row.Rate.text(0), row.P50.text(1), row.P99.text(1), fmt.Sprint(row.Errors), seconds(row.CPU, goServices),
		seconds(row.CPU, postgres), seconds(row.CPU, ferretdb), seconds(row.CPU, consul), row.PerCPU.text(0), "", strings.Join(row.Bars, ", "), "",
	}
	if row.ToFloor > 0 {
		cells[10] = fmt.Sprintf("%.3f", row.ToFloor)
	}
	if row.Short {
		cells[12] = "short"
	} else if len(row.Bars) > 0 {
		cells[12] = "pass"
	}
	return cells
}

// text is the median, with the range if there is one.
func (f Figure) text(digits int) string {
	if f.Min == f.Max {
		return fmt.Sprintf("%.*f", digits, f.Median)
	}
	return fmt.Sprintf("%.*f (%.*f–%.*f)", digits, f.Median, digits, f.Min, digits, f.Max)
}

// seconds is what a group has used; a group that was not measured has a dash.
func seconds(u Usage, group string) string {
	if used, ok := u[group]; ok {
		return fmt.Sprintf("%.2f", used)
	}
	return "–"
}
