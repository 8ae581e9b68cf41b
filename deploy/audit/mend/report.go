package mend

import (
	"fmt"
	"io"
	"strings"
)

// Report is the result of listing or mending the orders of a shop.
type Report struct {
	// Applied tells that orders were mended.
	Applied bool
	// Found are the orders and SKUs about which the services did not agree at first. Left are those about which they do not agree now.
	Found, Left []Case
	// InProgress are the IDs of orders that the shop is still working on, so that they cannot be audited yet.
	InProgress []string
}

// orders returns the IDs of the orders that are left, and of those in progress.
func (r *Report) orders() (ids []string) {
	for _, c := range r.Left {
		if c.Order {
			ids = append(ids, c.ID)
		}
	}
	return append(ids, r.InProgress...)
}

// Case is an order, or a SKU, about which the services do not agree.
type Case struct {
	ID string
	// Order tells that ID is that of an order, which may not exist. Otherwise it is a SKU.
	Order    bool
	Problems []Problem
	// Refusal is why the order was not mended, or empty.
	Refusal string
}

// Problem is a rule of the audit that is broken.
type Problem struct {
	Check, Text string
}

// OK reports whether nothing is left.
func (r *Report) OK() bool { return len(r.Left) == 0 }

// Print writes a line for each order and SKU about which the services do not agree, and what to do about it.
func (r *Report) Print(w io.Writer) error {
	var text strings.Builder
	if r.Applied {
		fmt.Fprintf(&text, "%d orders and SKUs did not agree; %d are left for a person\n", len(r.Found), len(r.Left))
	} else {
		fmt.Fprintf(&text, "%d orders and SKUs do not agree\n", len(r.Found))
	}
	if n := len(r.InProgress); n > 0 {
		fmt.Fprintf(&text, "%d orders are in progress, so that nothing can be said of them yet; run this again in a minute\n", n)
	}
	for _, c := range r.Left {
		c.print(&text, r.Applied)
	}
	if !r.Applied && len(r.Found) > 0 {
		text.WriteString("\nNothing was changed. With -apply, orders mends these orders.\n")
	}
	_, err := io.WriteString(w, text.String())
	return err
}

func (c Case) print(text *strings.Builder, applied bool) {
	kind := "SKU"
	if c.Order {
		kind = "order"
	}
	fmt.Fprintf(text, "\n%s %s\n", kind, c.ID)
	for _, p := range c.Problems {
		fmt.Fprintf(text, "   %s: %s\n", p.Check, p.Text)
	}
	if c.Refusal != "" {
		fmt.Fprintf(text, "   not mended: %s\n", c.Refusal)
	}
	for _, line := range c.advice(applied) {
		fmt.Fprintf(text, "   %s\n", line)
	}
}

// advice returns what is done about a case: by orders before it is applied, and by a person afterwards.
func (c Case) advice(applied bool) []string {
	var lines []string
	for _, p := range c.Problems {
		r := ruleOf(p.Check)
		line := "with -apply: " + r.mend
		if applied || r.mend == "" {
			line = "a person: " + r.person
		}
		if !strings.Contains(strings.Join(lines, "\n"), line) {
			lines = append(lines, line)
		}
	}
	return lines
}
