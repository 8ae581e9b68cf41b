package audit

import (
	"fmt"

	moneyv1 "souk/proto/gen/souk/money/v1"
	ordersv1 "souk/proto/gen/souk/orders/v1"
	paymentsv1 "souk/proto/gen/souk/payments/v1"
)

// paymentRules hold at every moment, even while an order is in progress.
var paymentRules = []rule[facts]{
	{name: "payments: authorized = captured + voided + open", what: "orders", judge: eachPayment(func(b *paymentsv1.Books) finding {
		return equal("authorized", of(b.GetAuthorized()), "the rest adds up to", of(b.GetCaptured(), b.GetVoided(), b.GetOpen()))
	})},
	{name: "payments: every movement balances", what: "orders", judge: eachPayment(func(b *paymentsv1.Books) finding {
		if n := b.GetUnbalancedMovements(); n != 0 {
			return finding{wrong: fmt.Sprintf("%d movements do not add up to zero", n)}
		}
		return finding{}
	})},
	{name: "payments: captured by the ledger = by the payment", what: "orders", judge: eachPayment(func(b *paymentsv1.Books) finding {
		return equal("ledger", of(b.GetCaptured()), "payment", of(b.GetPayment().GetCaptured()))
	})},
	{name: "payments: refunded by the ledger = by the payment", what: "orders", judge: eachPayment(func(b *paymentsv1.Books) finding {
		return equal("ledger", of(b.GetRefunded()), "payment", of(b.GetPayment().GetRefunded()))
	})},
	{name: "payments: each with money is an order's", what: "orders", judge: moneyOfAnOrder},
	{name: "payments: an order has one open authorization at most", what: "orders", judge: oneOpen},
}

// eachPayment checks all payments of an order and reports the first one with a problem.
func eachPayment(look func(*paymentsv1.Books) finding) func(facts) (finding, bool) {
	return func(f facts) (finding, bool) {
		var all finding
		for _, b := range f.payments {
			one := look(b)
			all.left, all.right = all.left.plus(one.left), all.right.plus(one.right)
			if all.wrong == "" && one.wrong != "" {
				all.wrong = fmt.Sprintf("payment %s: %s", b.GetPayment().GetId(), one.wrong)
			}
		}
		return all, len(f.payments) > 0
	}
}

// moneyOfAnOrder ignores a payment that is over and has kept nothing. After a restored backup was mended, such payments are left of orders
// that are lost.
func moneyOfAnOrder(f facts) (finding, bool) {
	var found finding
	for _, b := range f.payments {
		kept := of(b.GetCaptured()).minus(of(b.GetRefunded()))
		over := b.GetPayment().GetStatus() != paymentsv1.Status_STATUS_PENDING && b.GetOpen().GetAmount() == 0 && len(kept) == 0
		if f.order == nil && !over {
			found.wrong = "has a payment, and is no order"
		}
	}
	return found, len(f.payments) > 0
}

func oneOpen(f facts) (finding, bool) {
	open := 0
	for _, b := range f.payments {
		if b.GetOpen().GetAmount() != 0 {
			open++
		}
	}
	if open > 1 {
		return finding{wrong: fmt.Sprintf("%d are open", open)}, true
	}
	return finding{}, open > 0
}

// moneyRules compare payments with their orders.
var moneyRules = []rule[facts]{
	{name: "money: captured by orders = by payments", what: "orders", judge: atRest(func(f facts) finding {
		return equal("orders", of(f.order.GetPayment().GetCaptured()), "payments", f.ledger((*paymentsv1.Books).GetCaptured))
	})},
	{name: "money: refunded by orders = by payments", what: "orders", judge: atRest(func(f facts) finding {
		return equal("orders", of(f.order.GetPayment().GetRefunded()), "payments", f.ledger((*paymentsv1.Books).GetRefunded))
	})},
	{name: "money: captured - refunded = what live orders owe", what: "orders", judge: atRest(func(f facts) finding {
		kept := f.ledger((*paymentsv1.Books).GetCaptured).minus(f.ledger((*paymentsv1.Books).GetRefunded))
		return equal("kept", kept, "owed", owed(f))
	})},
	{name: "money: a confirmed order has its total open or captured", what: "orders", judge: func(f facts) (finding, bool) {
		found := equal("total", of(f.order.GetTotals().GetTotal()), "open or captured", f.paid())
		return found, f.atRest() && f.status() == ordersv1.Status_STATUS_CONFIRMED
	}},
	{name: "money: a payment has the status that its order shows", what: "orders", judge: sameStatus},
	{name: "money: any other order has nothing open", what: "orders", judge: func(f facts) (finding, bool) {
		var found finding
		if open := f.ledger((*paymentsv1.Books).GetOpen); len(open) > 0 {
			found.wrong = fmt.Sprintf("is %s and has %s open", name(f.status()), open)
		}
		return found, f.atRest() && f.status() != ordersv1.Status_STATUS_CONFIRMED
	}},
}

// atRest makes a rule ignore orders that are in progress or do not exist.
func atRest(look func(facts) finding) func(facts) (finding, bool) {
	return func(f facts) (finding, bool) {
		if !f.atRest() {
			return finding{}, false
		}
		return look(f), true
	}
}

// owed returns the money that the shop should have of an order. Of an order that was given up, that is the money of its failed refunds. Of
// any other captured order, it is the total minus the refunds. If only a part was captured at the provider, the rest was voided, and is
// subtracted as well.
func owed(f facts) Sums {
	switch {
	case f.givenUp():
		return of(f.order.GetOwed())
	case len(f.ledger((*paymentsv1.Books).GetCaptured)) == 0 && !f.dispatched():
		return nil
	default:
		kept := of(f.order.GetTotals().GetTotal()).minus(f.ledger((*paymentsv1.Books).GetVoided))
		return kept.minus(f.refunds(ordersv1.Refund_STATUS_SUCCEEDED))
	}
}

// paid returns the held or captured money of an order. If only a part was captured, it includes the rest, which was voided then.
func (f facts) paid() Sums {
	captured := f.ledger((*paymentsv1.Books).GetCaptured)
	if len(captured) > 0 {
		captured = captured.plus(f.ledger((*paymentsv1.Books).GetVoided))
	}
	return captured.plus(f.ledger((*paymentsv1.Books).GetOpen))
}

func sameStatus(f facts) (finding, bool) {
	var found finding
	for _, b := range f.payments {
		shown, is := f.order.GetPayment().GetStatus(), name(b.GetPayment().GetStatus())
		if shown != is {
			found.wrong = fmt.Sprintf("shows a payment that is %s, and it is %s", shown, is)
		}
	}
	return found, f.atRest() && len(f.payments) > 0
}

var providerRules = []rule[facts]{
	{name: "provider: open = ours", what: "orders", judge: provider((*paymentsv1.Books).GetOpen, (*paymentsv1.ProviderBooks).GetOpen)},
	{name: "provider: captured = ours", what: "orders", judge: provider((*paymentsv1.Books).GetCaptured, (*paymentsv1.ProviderBooks).GetCaptured)},
	{name: "provider: refunded = ours", what: "orders", judge: provider((*paymentsv1.Books).GetRefunded, (*paymentsv1.ProviderBooks).GetRefunded)},
}

// provider compares a column of the ledger with the provider's value. If the provider does not know the payment, its value is
// zero.
func provider(ours func(*paymentsv1.Books) *moneyv1.Money, theirs func(*paymentsv1.ProviderBooks) *moneyv1.Money) func(facts) (finding, bool) {
	compare := eachPayment(func(b *paymentsv1.Books) finding {
		return equal("ours", of(ours(b)), "the provider's", of(theirs(b.GetProvider())))
	})
	return func(f facts) (finding, bool) {
		found, applies := compare(f)
		// The values differ for a moment, until the provider's answer is stored.
		return found, applies && !f.underWay()
	}
}
