package audit

import (
	"fmt"
	"slices"
	"time"

	ordersv1 "souk/proto/gen/souk/orders/v1"
)

// rulesOfOrders returns the rules for each order.
func rulesOfOrders(withProvider bool) []rule[facts] {
	rules := slices.Concat(endRules, []rule[facts]{oneOrderOfACart()}, reservationRules, paymentRules, moneyRules, shipmentRules)
	if withProvider {
		rules = append(rules, providerRules...)
	}
	return rules
}

var endRules = []rule[facts]{
	{name: "orders: none is in progress for long", what: "orders", judge: comesToAnEnd},
	{name: "orders: no refund has failed", what: "orders with refunds", judge: noFailedRefund},
	{name: "orders: no piece is paid back twice", what: "orders with refunds", judge: paidBackOnce},
}

func comesToAnEnd(f facts) (finding, bool) {
	var found finding
	switch {
	case f.order == nil:
		return found, false
	case f.status() == ordersv1.Status_STATUS_UNSPECIFIED:
		found.wrong = "has no status"
	case f.overdue() && !f.order.GetInProgress():
		found.wrong = "is pending and nobody works on it"
	case f.overdue():
		found.wrong = fmt.Sprintf("in progress, and unchanged since %s", f.changedAt().UTC().Format(time.RFC3339))
	}
	return found, true
}

func noFailedRefund(f facts) (finding, bool) {
	found := amount(f.refunds(ordersv1.Refund_STATUS_SUCCEEDED))
	if failed := f.refunds(ordersv1.Refund_STATUS_FAILED); len(failed) > 0 {
		found.wrong = fmt.Sprintf("a refund of %s failed", failed)
	}
	return found, len(f.order.GetRefunds()) > 0
}

// oneOrderOfACart returns the rule that no line of a cart is in two orders that stand. It remembers which order bought what.
func oneOrderOfACart() rule[facts] {
	buyers := map[string]string{} // the orders, by the purchases of carts that they claimed
	judge := func(f facts) (finding, bool) {
		var found finding
		if !f.atRest() || !f.sold() {
			return found, false
		}
		for _, purchase := range f.order.GetPurchaseIds() {
			if buyer := buyers[purchase]; buyer != "" && buyer != f.orderID {
				found.wrong = "bought the same cart as " + buyer
				continue
			}
			buyers[purchase] = f.orderID
		}
		return found, true
	}
	return rule[facts]{name: "carts: no line is in two orders that stand", what: "orders", judge: judge}
}

var shipmentRules = []rule[facts]{
	{name: "shipping: a dispatched order has one shipment", what: "orders", judge: func(f facts) (finding, bool) {
		return shipments(f, 1), f.atRest() && f.dispatched()
	}},
	{name: "shipping: any other order has none", what: "orders", judge: func(f facts) (finding, bool) {
		return shipments(f, 0), f.atRest() && !f.dispatched()
	}},
}

func shipments(f facts, want int) finding {
	if f.shipments == want {
		return finding{}
	}
	return finding{wrong: fmt.Sprintf("is %s and has %d shipments", name(f.status()), f.shipments)}
}
