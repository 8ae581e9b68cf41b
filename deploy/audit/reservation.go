package audit

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	inventoryv1 "souk/proto/gen/souk/inventory/v1"
	ordersv1 "souk/proto/gen/souk/orders/v1"
)

var reservationRules = []rule[facts]{
	{name: "holds: each is of an order under way", what: "holds", judge: holdOfLiveOrder},
	{name: "holds: none is past its time", what: "holds", judge: holdInTime},
	{name: "goods: a sold order has bought its lines, less returns", what: "orders", judge: boughtItsLines},
	{name: "goods: a rejected or cancelled order bought none", what: "orders", judge: givenUpBoughtNone},
	{name: "goods: whatever was bought, an order bought", what: "reservations", judge: boughtByAnOrder},
}

// holdOfLiveOrder ignores holds of orders that do not exist, because such an order may be about to be saved. The rule about
// expiry checks them.
func holdOfLiveOrder(f facts) (finding, bool) {
	found := amount(count(goods(f.reservation.GetLines()).total()))
	if f.atRest() {
		found.wrong = fmt.Sprintf("is %s and holds stock", name(f.status()))
	}
	return found, f.held()
}

func holdInTime(f facts) (finding, bool) {
	var found finding
	if expires := f.reservation.GetExpiresAt().AsTime(); f.at.Sub(expires) > grace {
		found.wrong = "holds stock, which ended at " + expires.UTC().Format(time.RFC3339)
	}
	return found, f.held()
}

func boughtItsLines(f facts) (finding, bool) {
	ordered := orderedGoods(f.order)
	var bought Sums
	if f.committed() {
		bought = goods(f.reservation.GetLines()).minus(goods(f.reservation.GetReturned()))
	}
	found := finding{left: count(ordered.total()), right: count(bought.total())}
	if different := slices.Sorted(maps.Keys(ordered.minus(bought))); len(different) > 0 {
		sku := different[0]
		found.wrong = fmt.Sprintf("of %s it ordered %d and bought %d", sku, ordered[sku], bought[sku])
	}
	if !f.committed() && slices.ContainsFunc(f.order.GetLines(), tracked) {
		found.wrong = fmt.Sprintf("is %s, and its reservation %s", name(f.status()), name(f.reservation.GetStatus()))
	}
	return found, f.atRest() && f.sold()
}

// tracked reports whether inventory knows of a line.
func tracked(l *ordersv1.Line) bool { return !l.GetUntracked() }

// orderedGoods returns the order's lines minus what came back and was restocked. It leaves out untracked goods, of which inventory knows
// nothing.
func orderedGoods(order *ordersv1.Order) Sums {
	var sum Sums
	untracked := map[string]bool{}
	for _, l := range order.GetLines() {
		untracked[l.GetSku()] = l.GetUntracked()
		sum = sum.add(l.GetQuantity(), l.GetSku())
	}
	for _, r := range order.GetReturns() {
		if !cameBack(r) {
			continue
		}
		for _, l := range r.GetLines() {
			sum = sum.add(-l.GetQuantity(), l.GetSku())
		}
		for _, l := range r.GetNotRestocked() {
			sum = sum.add(l.GetQuantity(), l.GetSku())
		}
	}
	maps.DeleteFunc(sum, func(sku string, _ int64) bool { return untracked[sku] })
	return sum
}

// cameBack reports whether goods of a return have come.
func cameBack(r *ordersv1.Return) bool {
	return r.GetStatus() == ordersv1.Return_STATUS_RECEIVED || r.GetStatus() == ordersv1.Return_STATUS_REFUNDED
}

// givenUpBoughtNone ignores stock that such an order still holds; the rule about holds checks that.
func givenUpBoughtNone(f facts) (finding, bool) {
	var found finding
	if f.committed() {
		found.wrong = fmt.Sprintf("is %s, and its reservation committed", name(f.status()))
	}
	return found, f.atRest() && f.givenUp()
}

func boughtByAnOrder(f facts) (finding, bool) {
	var found finding
	if f.order == nil {
		found.wrong = "bought stock, and is no order"
	}
	return found, f.committed()
}

// goods returns lines as pieces of each SKU.
func goods(lines []*inventoryv1.Line) Sums {
	var sum Sums
	for _, l := range lines {
		sum = sum.add(l.GetQuantity(), l.GetSku())
	}
	return sum
}

// name returns a status in readable form: "confirmed".
func name(status fmt.Stringer) string {
	return strings.ToLower(strings.TrimPrefix(status.String(), "STATUS_"))
}
