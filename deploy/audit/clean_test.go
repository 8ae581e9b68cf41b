package audit

import (
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	ordersv1 "souk/proto/gen/souk/orders/v1"
	paymentsv1 "souk/proto/gen/souk/payments/v1"
)

func TestAShopInOrderIsClean(t *testing.T) {
	t.Parallel()
	report := newWorld().audit(t)
	if !report.OK() || report.Compared != 10 || len(report.InProgress) != 2 || report.Changing != 0 {
		t.Errorf("broken %q; compared %d, in progress %d, changing %d; want 10, 2, 0",
			brokenChecks(report), report.Compared, len(report.InProgress), report.Changing)
	}
	figures := map[string]string{}
	for _, c := range report.Checks {
		figures[c.Name] = strings.Join([]string{c.Left.String(), c.Right.String()}, " = ")
		if c.Looked == 0 {
			t.Errorf("%s looked at nothing", c.Name)
		}
	}
	for name, want := range map[string]string{
		"stock: owned = on hand + sold":                           "205 pieces = 205 pieces",
		"holds: each is of an order under way":                    "6 pieces = 6 pieces",
		"goods: a sold order has bought its lines, less returns":  "17 pieces = 17 pieces",
		"payments: authorized = captured + voided + open":         "120.00 GBP = 120.00 GBP",
		"money: captured by orders = by payments":                 "60.00 GBP = 60.00 GBP",
		"money: refunded by orders = by payments":                 "7.00 GBP = 7.00 GBP",
		"money: captured - refunded = what live orders owe":       "53.00 GBP = 53.00 GBP",
		"money: a confirmed order has its total open or captured": "30.00 GBP = 30.00 GBP",
		"provider: open = ours":                                   "30.00 GBP = 30.00 GBP",
	} {
		if figures[name] != want {
			t.Errorf("%s: %s, want %s", name, figures[name], want)
		}
	}
}

func TestUntrackedGoodsAndBackordersAreClean(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.stocks[3] = stock("OWL", 5, 8, 0)
	w.stocks[3].Continued = 4
	untracked := w.find(id(confirmed, 1))
	for _, line := range untracked.order.GetLines() {
		line.Untracked = true
	}
	untracked.reservation = nil
	report := w.audit(t)
	if !report.OK() {
		t.Errorf("broken %q", brokenChecks(report))
	}
	for _, c := range report.Checks {
		if c.Name == "stock: only what continues selling is on backorder" && c.Left.total() != 3 {
			t.Errorf("%s on backorder, want 3 pieces", c.Left)
		}
	}
}

func TestAShopWithAnOlderShippingIsClean(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.before = func(rpc string) error {
		if rpc == "ListParcels" {
			return status.Error(codes.Unimplemented, "unknown method")
		}
		return nil
	}
	if report := w.audit(t); !report.OK() {
		t.Errorf("broken %q", brokenChecks(report))
	}
}

// Money moves at the payment provider without the shop.
func TestOrdersWhoseMoneyMovedAtTheProviderAreClean(t *testing.T) {
	t.Parallel()
	w := newWorld()
	partly, refunded, failed := w.find("confirmed-1"), w.find("cancelled-1"), w.find("cancelled-2")
	partly.books, partly.order.Payment = []*paymentsv1.Books{ledger(partly.id, 0, 1000, price-1000)}, captured(1000, 0)
	refunded.books, refunded.order.Payment = []*paymentsv1.Books{ledger(refunded.id, 0, price, 0)}, captured(price, price)
	b := refunded.books[0]
	b.Refunded, b.Payment.Refunded, b.Provider.Refunded = pounds(price), pounds(price), pounds(price)
	refunded.order.Refunds = []*ordersv1.Refund{{Amount: pounds(price), Status: ordersv1.Refund_STATUS_SUCCEEDED}}
	failed.books, failed.order.Payment = []*paymentsv1.Books{ledger(failed.id, 0, price, 0)}, captured(price, 0)
	failed.order.Refunds = []*ordersv1.Refund{{Amount: pounds(price), Status: ordersv1.Refund_STATUS_FAILED}}
	failed.order.Owed, failed.order.Attention = pounds(price), []ordersv1.Attention{ordersv1.Attention_ATTENTION_REFUND_FAILED}
	if report := w.audit(t); !report.OK() {
		t.Errorf("broken %q", brokenChecks(report))
	}
}

func captured(captured, refunded int64) *ordersv1.Payment {
	return &ordersv1.Payment{Status: "captured", Captured: pounds(captured), Refunded: pounds(refunded)}
}

func TestAnEmptyShopIsClean(t *testing.T) {
	t.Parallel()
	report := (&world{}).audit(t)
	if !report.OK() || report.Compared != 0 {
		t.Errorf("broken %q, compared %d", brokenChecks(report), report.Compared)
	}
}

func TestManyOrdersAreAllComparedAndOnlyAFewOffendersNamed(t *testing.T) {
	t.Parallel()
	w := &world{}
	for n := range 250 {
		w.sales = append(w.sales, bought(delivered, n))
	}
	for _, s := range w.sales[:20] {
		s.shipments = 0
	}
	report := w.audit(t)
	if report.Compared != 250 {
		t.Errorf("compared %d, want 250", report.Compared)
	}
	var printed strings.Builder
	if err := report.Print(&printed); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"20 BROKEN", "   and 15 more\n", "250 orders compared"} {
		if !strings.Contains(printed.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, printed.String())
		}
	}
	if n := strings.Count(printed.String(), "has 0 shipments"); n != 5 {
		t.Errorf("%d offenders are named, want 5", n)
	}
}

func TestCurrenciesAreNotMixed(t *testing.T) {
	t.Parallel()
	w := newWorld()
	euros := bought(delivered, 3)
	euros.order.Totals.Total.Currency, euros.order.Payment.Captured.Currency = "EUR", "EUR"
	b := euros.books[0]
	b.Authorized.Currency, b.Captured.Currency, b.Payment.Captured.Currency, b.Provider.Captured.Currency = "EUR", "EUR", "EUR", "EUR"
	w.sales = append(w.sales, euros)
	report := w.audit(t)
	if !report.OK() {
		t.Errorf("broken %q", brokenChecks(report))
	}
	for _, c := range report.Checks {
		if want := "15.00 EUR, 60.00 GBP"; c.Name == "money: captured by orders = by payments" && c.Left.String() != want {
			t.Errorf("captured %s, want %s", c.Left, want)
		}
	}
}

func TestAnOrderWithoutAStatusIsABreak(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.find("rejected-1").order.Status = ordersv1.Status_STATUS_UNSPECIFIED
	if got := brokenChecks(w.audit(t)); len(got) != 1 || got[0] != "orders: none is in progress for long" {
		t.Errorf("broken: %q", got)
	}
}
