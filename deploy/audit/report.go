package audit

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// Report is the result of an audit.
type Report struct {
	Checks []*Check
	// Compared is the number of orders compared with the other services.
	Compared int
	// InProgress are the IDs of the orders left out because the shop is working on them. Changing is the number left out because
	// they changed between the checks.
	InProgress []string
	Changing   int
	Took       time.Duration
}

// OK reports whether there are no differences.
func (r *Report) OK() bool { return r.Violations() == 0 }

// Violations returns the number of differences.
func (r *Report) Violations() int {
	sum := 0
	for _, c := range r.Checks {
		sum += c.Broken
	}
	return sum
}

// Print writes the report as a table, followed by the differences.
func (r *Report) Print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "check\tlooked at\tsum\tverdict")
	for _, c := range r.Checks {
		fmt.Fprintf(table, "%s\t%d %s\t%s\t%s\n", c.Name, c.Looked, c.What, c.sum(), c.verdict())
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\n%d orders compared in %.1fs; left out: %d in progress, %d that kept changing\n",
		r.Compared, r.Took.Seconds(), len(r.InProgress), r.Changing)
	for _, c := range r.Checks {
		if c.Broken > 0 {
			fmt.Fprintf(w, "\nBROKEN %s\n", c.Name)
		}
		for _, line := range c.First {
			fmt.Fprintln(w, "  ", line)
		}
		if more := c.Broken - len(c.First); more > 0 {
			fmt.Fprintf(w, "   and %d more\n", more)
		}
	}
	return nil
}

func (c *Check) verdict() string {
	if c.Broken > 0 {
		return fmt.Sprintf("%d BROKEN", c.Broken)
	}
	return "ok"
}

// sum returns both sides of an equation if they differ, otherwise one.
func (c *Check) sum() string {
	switch {
	case !c.Left.equal(c.Right):
		return fmt.Sprintf("%s / %s", c.Left, c.Right)
	case len(c.Left) == 0:
		return "-"
	default:
		return c.Left.String()
	}
}
