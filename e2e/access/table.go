package access

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Print writes a table of the RPCs and one of the routes.
func Print(w io.Writer, rpcs []RPC, routes []Route) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SERVICE\tMAY BE CALLED BY\tRPC\tWHO\tOWNED\tTIMEOUT\tREPEATABLE")
	last := ""
	for _, r := range rpcs {
		service, callers := string(r.Method.Parent().Name()), strings.Join(r.Callers, ", ")
		if service == last {
			service, callers = "", ""
		} else {
			last = service
		}
		timeout, repeatable := "none", "no"
		if r.Timeout > 0 {
			timeout = r.Timeout.String()
		}
		if r.Repeatable() {
			repeatable = "yes"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
			service, callers, r.Method.Name(), r.Who(), strings.Join(r.Rule.GetOwned(), ", "), timeout, repeatable)
	}
	fmt.Fprintln(table)
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(table, "METHOD\tPATH\tWHO\tTIMEOUT\tCOST\tCLASS\tANSWER")
	for _, r := range routes {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Method, r.Path, r.Caller(), r.Policy.Timeout, r.Policy.Cost, r.Policy.Class, r.Policy.Answer)
	}
	return table.Flush()
}
