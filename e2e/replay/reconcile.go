package replay

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
	"text/tabwriter"

	"souk/e2e/shop"
)

// Row compares a figure of the invoices with the shop's.
type Row struct {
	Name           string
	Invoices, Shop int64
	// Pence says that the figures are money.
	Pence bool
}

// Report is what the invoices and the shop say.
type Report struct {
	Rows    []Row
	LeftOut map[string]int
	// Wrong lists single things that differ.
	Wrong []string
}

// OK reports whether nothing differs.
func (r *Report) OK() bool {
	return len(r.Wrong) == 0 && !slices.ContainsFunc(r.Rows, func(row Row) bool { return row.Invoices != row.Shop })
}

// Reconcile asks the shop for every order and every level again and compares them with the invoices.
func (r *Replay) Reconcile(ctx context.Context) (*Report, error) {
	listed, err := r.listOrders(ctx)
	if err != nil {
		return nil, err
	}
	report := &Report{LeftOut: r.Books.LeftOut}
	var want, got totals
	for _, invoice := range r.Books.Invoices {
		order, ok := listed[r.orders[invoice.Number]]
		if !ok {
			report.wrong("invoice %s: its order %s is not in the shop's list", invoice.Number, r.orders[invoice.Number])
			continue
		}
		want.addInvoice(invoice)
		// Shipping is the shop's own; what is captured must be what the invoice says plus that.
		want.captured += order.Totals.Shipping.Amount
		got.addOrder(order)
		report.compare(invoice, order)
	}
	for _, sent := range r.Books.Returns {
		want.addReturn(sent)
	}
	moved, err := r.stockMoved(ctx)
	if err != nil {
		return nil, err
	}
	report.Rows = []Row{
		{Name: "sale invoices / orders dispatched", Invoices: int64(len(r.Books.Invoices)), Shop: got.dispatched},
		{Name: "lines", Invoices: want.lines, Shop: got.lines},
		{Name: "pieces", Invoices: want.pieces, Shop: got.pieces},
		{Name: "revenue", Invoices: want.revenue, Shop: got.revenue, Pence: true},
		{Name: "captured, with shipping", Invoices: want.captured, Shop: got.captured, Pence: true},
		{Name: "returns", Invoices: int64(len(r.Books.Returns)), Shop: got.returns},
		{Name: "pieces returned", Invoices: want.returned, Shop: got.returned},
		{Name: "refunded", Invoices: want.refunded, Shop: got.refunded, Pence: true},
		{Name: "stock moved, pieces", Invoices: want.pieces - want.returned, Shop: moved},
	}
	return report, nil
}

type totals struct {
	dispatched, lines, pieces, revenue, captured int64
	returns, returned, refunded                  int64
}

func (t *totals) addInvoice(i Invoice) {
	t.lines += int64(len(i.Lines))
	for _, l := range i.Lines {
		t.pieces += l.Quantity
	}
	t.revenue += i.Revenue()
	t.captured += i.Revenue()
}

func (t *totals) addReturn(sent Return) {
	for _, l := range sent.Lines {
		t.returned += l.Quantity
		t.refunded += l.Quantity * l.Price
	}
}

func (t *totals) addOrder(o shop.Order) {
	if o.Status == "fulfilled" || o.Status == "delivered" {
		t.dispatched++
	}
	t.lines += int64(len(o.Lines))
	for _, l := range o.Lines {
		t.pieces += l.Quantity
	}
	t.revenue += o.Totals.Subtotal.Amount
	t.captured += o.Payment.Captured.Amount
	t.refunded += o.Payment.Refunded.Amount
	for _, goods := range o.Returns {
		t.returns++
		for _, l := range goods.Lines {
			t.returned += l.Quantity
		}
	}
}

func (r *Report) wrong(format string, args ...any) {
	r.Wrong = append(r.Wrong, fmt.Sprintf(format, args...))
}

// compare looks at an order line by line.
func (r *Report) compare(invoice Invoice, order shop.Order) {
	sold := map[string]shop.Line{}
	for _, l := range order.Lines {
		sold[l.SKU] = l
	}
	for _, l := range invoice.Lines {
		got := sold[l.SKU]
		if got.Quantity != l.Quantity || got.UnitPrice.Amount != l.Price || got.LineTotal.Amount != l.Quantity*l.Price {
			r.wrong("invoice %s, %s: invoiced %d at %d, ordered %d at %d", invoice.Number, l.SKU, l.Quantity, l.Price, got.Quantity, got.UnitPrice.Amount)
		}
	}
}

// listOrders reads every order through the staff's list, page by page.
func (r *Replay) listOrders(ctx context.Context) (map[string]shop.Order, error) {
	ours := map[string]bool{}
	for _, id := range r.orders {
		ours[id] = true
	}
	found := map[string]shop.Order{}
	cursor := ""
	for {
		var page shop.Orders
		if err := r.staff.do(ctx, func(staff *shop.Client) error {
			page = shop.Orders{}
			return staff.Do(ctx, http.MethodGet, "/v1/admin/orders?limit=100&cursor="+url.QueryEscape(cursor), nil, &page)
		}); err != nil {
			return nil, fmt.Errorf("list orders: %w", err)
		}
		for _, o := range page.Items {
			if ours[o.ID] {
				found[o.ID] = o
			}
		}
		if cursor = page.NextCursor; cursor == "" || len(found) == len(ours) {
			return found, nil
		}
	}
}

// stockMoved adds up by how much the levels of the SKUs went down.
func (r *Replay) stockMoved(ctx context.Context) (int64, error) {
	var moved atomic.Int64
	err := each(ctx, slices.Collect(maps.Keys(r.before)), func(ctx context.Context, _ int, sku string) error {
		return r.staff.do(ctx, func(staff *shop.Client) error {
			now, err := staff.Stock(ctx, sku)
			if err == nil {
				moved.Add(r.before[sku].Available - now.Available)
			}
			return err
		})
	})
	return moved.Load(), err
}

// Print writes the report as a table.
func (r *Report) Print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\tinvoices\tshop\t\t")
	for _, row := range r.Rows {
		verdict := "ok"
		if row.Invoices != row.Shop {
			verdict = "DIFFERS"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t\n", row.Name, row.format(row.Invoices), row.format(row.Shop), verdict)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, reason := range slices.Sorted(maps.Keys(r.LeftOut)) {
		fmt.Fprintf(w, "left out: %d lines, %s\n", r.LeftOut[reason], reason)
	}
	for _, line := range r.Wrong {
		fmt.Fprintln(w, "DIFFERS:", line)
	}
	return nil
}

func (r Row) format(figure int64) string {
	if r.Pence {
		return decimal(figure) + " " + currency
	}
	return fmt.Sprint(figure)
}
