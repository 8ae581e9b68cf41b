package audit

import (
	"fmt"
	"slices"
	"time"

	ordersv1 "souk/proto/gen/souk/orders/v1"
	paymentsv1 "souk/proto/gen/souk/payments/v1"
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
	{name: "orders: what failed refunds owe is listed", what: "orders with refunds", judge: owedIsListed},
	{name: "orders: a payment that needs a person is listed", what: "orders", judge: needIsListed},
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

func owedIsListed(f facts) (finding, bool) {
	owed := of(f.order.GetOwed())
	found := amount(owed)
	if listed := f.listed(ordersv1.Attention_ATTENTION_REFUND_FAILED); listed != (len(owed) > 0) {
		found.wrong = fmt.Sprintf("owes %s, and is listed: %t", owed, listed)
	}
	return found, len(f.order.GetRefunds()) > 0
}

// needIsListed compares an order with what payments says of its payment.
func needIsListed(f facts) (finding, bool) {
	var found finding
	for _, b := range f.payments {
		wanted := attentions[b.GetPayment().GetAttention()]
		if wanted != ordersv1.Attention_ATTENTION_UNSPECIFIED && !f.listed(wanted) {
			found.wrong = fmt.Sprintf("its payment is %s, and it is not listed", wanted)
		}
	}
	return found, f.atRest() && len(f.payments) > 0
}

var attentions = map[paymentsv1.Attention]ordersv1.Attention{
	paymentsv1.Attention_ATTENTION_OUTCOME_UNKNOWN:  ordersv1.Attention_ATTENTION_PAYMENT_UNKNOWN,
	paymentsv1.Attention_ATTENTION_PROVIDER_DIFFERS: ordersv1.Attention_ATTENTION_PAYMENT_DIFFERS,
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
	{name: "shipping: no booking is left open", what: "orders", judge: noBooking},
	{name: "shipping: each parcel is an order's", what: "orders", judge: parcelOfAnOrder},
}

func parcelOfAnOrder(f facts) (finding, bool) {
	var found finding
	switch {
	case f.order == nil && f.shipments > 0:
		found.wrong = "has a parcel that has left, and is no order"
	case f.order == nil:
		found.wrong = "has a parcel that is booked, and is no order"
	}
	return found, f.shipments+f.bookings > 0
}

func noBooking(f facts) (finding, bool) {
	var found finding
	if f.bookings > 0 {
		found.wrong = "is " + name(f.status()) + ", and its parcel is booked and not handed over"
	}
	return found, f.atRest()
}

func shipments(f facts, want int) finding {
	if f.shipments == want {
		return finding{}
	}
	return finding{wrong: fmt.Sprintf("is %s and has %d shipments", name(f.status()), f.shipments)}
}
