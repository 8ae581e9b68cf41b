package audit

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	inventoryv1 "souk/proto/gen/souk/inventory/v1"
	ordersv1 "souk/proto/gen/souk/orders/v1"
	paymentsv1 "souk/proto/gen/souk/payments/v1"
)

// Each break is of one check and no other.
var breaks = []struct {
	check string
	do    func(*world)
	// says is a part of what is printed of it.
	says string
}{
	{"stock: owned = on hand + sold", func(w *world) { w.stocks[1].Owned++ }, "MUG: owned 101 pieces, on hand and sold 100 pieces"},
	{"stock: reserved = held", func(w *world) { w.stocks[0].Held-- }, "HAT: reserved 2 pieces, held 1 pieces"},
	{"stock: sold = bought by reservations", func(w *world) { w.stocks[3].Committed = 1 }, "OWL: sold 0, bought 1 pieces"},
	{"stock: only what continues selling is on backorder", func(w *world) {
		w.stocks[2].Level = &inventoryv1.Level{Sku: "NEW", OnHand: -2, Available: -2}
		w.stocks[2].Sold, w.stocks[2].Committed, w.stocks[2].Continued = 2, 2, 1
	}, "NEW: 2 pieces are on backorder, and 1 may be"},
	{"stock: nothing is negative", func(w *world) { w.stocks[2].Level.Reserved, w.stocks[2].Held = -1, -1 }, "NEW: reserved is -1"},

	{"orders: none is in progress for long", func(w *world) { w.find("pending-1").order.ChangedAt = ago(2 * time.Minute) },
		"pending-1: in progress, and unchanged since"},
	{"orders: none is in progress for long", func(w *world) {
		o := w.find("pending-1").order
		o.InProgress, o.ChangedAt = false, ago(2*time.Minute)
	}, "pending-1: is pending and nobody works on it"},
	{"orders: what failed refunds owe is listed", func(w *world) { w.find("delivered-2").order.Owed = pounds(1) },
		"delivered-2: owes 0.01 GBP, and is listed: false"},
	{"orders: what failed refunds owe is listed", func(w *world) {
		w.find("delivered-2").order.Attention = []ordersv1.Attention{ordersv1.Attention_ATTENTION_REFUND_FAILED}
	}, "delivered-2: owes 0, and is listed: true"},
	{"orders: a payment that needs a person is listed", func(w *world) {
		w.books("delivered-1").Payment.Attention = paymentsv1.Attention_ATTENTION_PROVIDER_DIFFERS
	}, "delivered-1: its payment is ATTENTION_PAYMENT_DIFFERS, and it is not listed"},
	{"orders: no piece is paid back twice", func(w *world) {
		w.find("delivered-2").order.Refunds[1].Lines = []*ordersv1.ReturnLine{{Sku: "MUG", Quantity: 2}}
	}, "delivered-2: of MUG it paid back 1 pieces too many"},
	{"orders: no piece is paid back twice", func(w *world) {
		for _, refund := range w.find("delivered-2").order.Refunds {
			refund.Shipping = true
		}
	}, "delivered-2: the shipping was paid back 2 times"},

	{"carts: no line is in two orders that stand", func(w *world) {
		w.find("fulfilled-1").order.PurchaseIds = w.find("confirmed-2").order.GetPurchaseIds()
	}, "bought the same cart as"},

	{"holds: each is of an order under way", func(w *world) { hold(w.find("rejected-1"), -time.Minute) }, "rejected-1: is rejected and holds stock"},
	{"holds: each is of an order under way", func(w *world) { hold(w.find("cancelled-2"), -time.Minute) }, "cancelled-2: is cancelled and holds stock"},
	{"holds: none is past its time", func(w *world) { hold(w.find("pending-2"), 2*time.Minute) }, "pending-2: holds stock, which ended at"},
	{"holds: none is past its time", func(w *world) { hold(w.stray("gone"), 2*time.Minute) }, "gone: holds stock"},

	{"goods: a sold order has bought its lines, less returns", func(w *world) { w.find("confirmed-1").reservation.Lines[0].Quantity++ },
		"confirmed-1: of HAT it ordered 1 and bought 2"},
	{"goods: a sold order has bought its lines, less returns", func(w *world) {
		for _, back := range w.find("delivered-2").order.Returns {
			back.NotRestocked = back.Lines
		}
	}, "delivered-2: of MUG it ordered 2 and bought 1"},
	{"goods: a sold order has bought its lines, less returns", func(w *world) { w.find("delivered-2").reservation.Returned = nil },
		"delivered-2: of MUG it ordered 1 and bought 2"},
	{"goods: a sold order has bought its lines, less returns", func(w *world) {
		w.find("fulfilled-1").reservation.Status = inventoryv1.Reservation_STATUS_EXPIRED
	}, "fulfilled-1: is fulfilled, and its reservation expired"},
	{"goods: a sold order has bought its lines, less returns", func(w *world) { w.find("fulfilled-2").reservation = nil },
		"fulfilled-2: is fulfilled, and its reservation unspecified"},
	{"goods: a rejected or cancelled order bought none", func(w *world) { commit(w.find("cancelled-1")) }, "cancelled-1: is cancelled, and its reservation committed"},
	{"goods: a rejected or cancelled order bought none", func(w *world) { commit(w.find("rejected-1")) }, "rejected-1: is rejected"},
	{"goods: whatever was bought, an order bought", func(w *world) { commit(w.stray("gone")) }, "gone: bought stock, and is no order"},

	{"payments: authorized = captured + voided + open", func(w *world) { w.books("cancelled-1").Voided.Amount++ },
		"cancelled-1: payment payment-cancelled-1: authorized 15.00 GBP, the rest adds up to 15.01 GBP"},
	{"payments: authorized = captured + voided + open", func(w *world) { w.books("pending-1").Authorized.Amount++ }, "pending-1"},
	{"payments: every movement balances", func(w *world) { w.books("delivered-1").UnbalancedMovements = 2 }, "2 movements do not add up to zero"},
	{"payments: captured by the ledger = by the payment", func(w *world) { w.books("delivered-1").Payment.Captured.Amount-- },
		"ledger 15.00 GBP, payment 14.99 GBP"},
	{"payments: refunded by the ledger = by the payment", func(w *world) { w.books("delivered-1").Payment.Refunded.Amount++ },
		"ledger 0, payment 0.01 GBP"},
	{"payments: each with money is an order's", func(w *world) { w.stray("gone").books = []*paymentsv1.Books{ledger("gone", 5, 0, 0)} },
		"gone: has a payment, and is no order"},
	{"payments: each with money is an order's", func(w *world) { w.stray("gone").books = []*paymentsv1.Books{ledger("gone", 0, 5, 0)} },
		"gone: has a payment, and is no order"},
	{"payments: an order has one open authorization at most", func(w *world) {
		first, second := ledger("confirmed-1", 700, 0, 0), ledger("confirmed-1", price-700, 0, 0)
		second.Payment.Id += "-again"
		w.find("confirmed-1").books = []*paymentsv1.Books{first, second}
	}, "confirmed-1: 2 are open"},

	{"money: captured by orders = by payments", func(w *world) { w.find("fulfilled-2").order.Payment.Captured = pounds(1) },
		"fulfilled-2: orders 0.01 GBP, payments 15.00 GBP"},
	{"money: refunded by orders = by payments", func(w *world) { w.find("delivered-2").order.Payment.Refunded.Amount++ },
		"delivered-2: orders 7.01 GBP, payments 7.00 GBP"},
	{"money: captured - refunded = what live orders owe", func(w *world) { w.find("delivered-2").order.Totals.Total.Amount++ },
		"delivered-2: kept 8.00 GBP, owed 8.01 GBP"},
	{"money: captured - refunded = what live orders owe", func(w *world) {
		s := w.find("cancelled-2")
		s.books, s.order.Payment.Captured = []*paymentsv1.Books{ledger(s.id, 0, price, 0)}, pounds(price)
		s.order.Payment.Status = "captured"
	}, "cancelled-2: kept 15.00 GBP, owed 0"},
	{"money: a confirmed order has its total open or captured", func(w *world) { w.find("confirmed-2").order.Totals.Total.Amount++ },
		"confirmed-2: total 15.01 GBP, open or captured 15.00 GBP"},
	{"money: a confirmed order has its total open or captured", func(w *world) { w.find("confirmed-2").books = nil }, "confirmed-2: total 15.00 GBP, open or captured 0"},
	{"money: a payment has the status that its order shows", func(w *world) { w.find("confirmed-1").order.Payment.Status = "captured" },
		"confirmed-1: shows a payment that is captured, and it is authorized"},
	{"money: any other order has nothing open", func(w *world) { w.authorize("rejected-1") },
		"rejected-1: is rejected and has 15.00 GBP open"},
	{"money: any other order has nothing open", func(w *world) { w.authorize("cancelled-1") },
		"cancelled-1: is cancelled and has 15.00 GBP open"},

	{"shipping: a dispatched order has one shipment", func(w *world) { w.find("fulfilled-1").shipments = 0 }, "fulfilled-1: is fulfilled and has 0 shipments"},
	{"shipping: a dispatched order has one shipment", func(w *world) { w.find("delivered-1").shipments = 2 }, "delivered-1: is delivered and has 2 shipments"},
	{"shipping: any other order has none", func(w *world) { w.find("confirmed-1").shipments = 1 }, "confirmed-1: is confirmed and has 1 shipments"},
	{"shipping: no booking is left open", func(w *world) { w.find("confirmed-1").bookings = 1 }, "confirmed-1: is confirmed, and its parcel is booked"},
	{"shipping: no booking is left open", func(w *world) { w.find("cancelled-1").bookings = 1 }, "cancelled-1: is cancelled, and its parcel is booked"},
	{"shipping: each parcel is an order's", func(w *world) { w.stray("gone").bookings = 1 }, "gone: has a parcel that is booked, and is no order"},
	{"shipping: each parcel is an order's", func(w *world) { w.stray("gone").shipments = 1 }, "gone: has a parcel that has left, and is no order"},

	{"provider: open = ours", func(w *world) { w.books("confirmed-1").Provider = nil }, "confirmed-1: payment payment-confirmed-1: ours 15.00 GBP, the provider's 0"},
	{"provider: open = ours", func(w *world) { w.books("cancelled-1").Provider.Open = pounds(price) }, "ours 0, the provider's 15.00 GBP"},
	{"provider: captured = ours", func(w *world) { w.books("fulfilled-1").Provider.Captured.Currency = "EUR" }, "ours 15.00 GBP, the provider's 15.00 EUR"},
	{"provider: refunded = ours", func(w *world) { w.books("delivered-2").Provider.Refunded.Amount-- }, "ours 7.00 GBP, the provider's 6.99 GBP"},
}

// stray adds something that no order is known for.
func (w *world) stray(id string) *sale {
	s := newSale(rejected, 0)
	s.id, s.order, s.reservation.OrderId = id, nil, id
	w.sales = append(w.sales, s)
	return s
}

func (w *world) books(id string) *paymentsv1.Books { return w.find(id).books[0] }

// authorize has money held for an order.
func (w *world) authorize(id string) {
	s := w.find(id)
	s.books, s.order.Payment.Status = []*paymentsv1.Books{ledger(id, price, 0, 0)}, "authorized"
}

// hold has a sale hold stock until some time ago.
func hold(s *sale, ended time.Duration) {
	s.reservation.Status, s.reservation.ExpiresAt = inventoryv1.Reservation_STATUS_HELD, ago(ended)
}

func commit(s *sale) { s.reservation.Status = inventoryv1.Reservation_STATUS_COMMITTED }

func TestEachBreakIsFoundByItsCheckAlone(t *testing.T) {
	t.Parallel()
	for _, b := range breaks {
		t.Run(b.says, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			b.do(w)
			report := w.audit(t)
			if got := brokenChecks(report); !slices.Equal(got, []string{b.check}) {
				t.Errorf("broken: %q, want %q alone", got, b.check)
			}
			var printed strings.Builder
			if err := report.Print(&printed); err != nil || report.OK() || !strings.Contains(printed.String(), b.says) {
				t.Errorf("OK() is %v, %v, and it does not say %q:\n%s", report.OK(), err, b.says, printed.String())
			}
		})
	}
}

func TestEveryCheckHasABreak(t *testing.T) {
	t.Parallel()
	tested := map[string]bool{}
	for _, b := range breaks {
		tested[b.check] = true
	}
	for _, check := range checkNames() {
		if !tested[check] {
			t.Errorf("nothing breaks %q", check)
		}
	}
}

// checkNames returns the names of all checks.
func checkNames() (names []string) {
	for _, r := range stockRules {
		names = append(names, r.name)
	}
	for _, r := range rulesOfOrders(true) {
		names = append(names, r.name)
	}
	return names
}

func TestAlertsNameChecksThatExist(t *testing.T) {
	t.Parallel()
	rules, err := os.ReadFile(filepath.Join("..", "observability", "rules", "shop.yml"))
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`\bcheck!?="([^"]+)"`).FindAllStringSubmatch(string(rules), -1)
	if len(named) == 0 {
		t.Error("no alert names a check")
	}
	for _, match := range named {
		if !slices.Contains(checkNames(), match[1]) {
			t.Errorf("there is no check %q", match[1])
		}
	}
}
