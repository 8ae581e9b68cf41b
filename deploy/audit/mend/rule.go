package mend

import "strings"

// rule is what is done about checks that are broken.
type rule struct {
	// checks is how the names of the checks begin.
	checks string
	// mend says how orders mends it. It is empty if orders cannot, because the service that owns the fact does not know what is right.
	mend string
	// person is what a person does if that did not help.
	person string
}

const (
	soldGoods = "orders has the goods sold to the order again, or decides to cancel the order if inventory knows that it was given up"
	money     = "orders has the payment looked up at the provider and authorized, captured, refunded or voided as it was before"
)

// rules are tried in their order.
var rules = []rule{
	{"goods: a sold order", soldGoods,
		"order the missing pieces or cancel the order; if more came back than its returns say, have the customer request the return again, " +
			"and refuse it once it is refunded by hand"},
	{"goods: a rejected or cancelled order", "orders has the goods put back into stock",
		"find out where the goods are, and adjust the stock"},
	{"goods: whatever was bought", "the goods are put back into stock, because there is no order",
		"find the parcel's recipient at the carrier; the goods have left, and the order is lost"},
	{"holds:", "orders has the stock released", "wait a minute for inventory to end the hold"},
	{"payments: each with money", "the money is voided or refunded, because there is no order",
		"ask the carrier for the recipient of the parcel; keep the money if they have the goods, or refund it at the provider"},
	{"payments:", "", "the ledger of payments is broken; restore another dump of payments"},
	{"money:", money, "compare the order with the payment at the provider, and refund the difference or ask the customer for it"},
	{"shipping: a dispatched order", "orders has the parcel booked again under the same booking, and handed over",
		"ask the carrier about the parcel"},
	{"shipping: any other order", "orders dispatches the order, because its parcel has left",
		"the parcel has left; find out whether the customer is to pay or to send it back"},
	{"shipping: no booking", "the booking goes back to the carrier", "cancel the booking at the carrier"},
	{"shipping: each parcel", "the booking goes back to the carrier, because there is no order",
		"the parcel has left, and the order is lost; ask the carrier for the recipient, and tell them"},
	{"provider:", money, "compare the payment with the provider's dashboard"},
	{"orders: none is in progress", "orders has the services do what it waits for",
		"read the log of orders for the order, and see which service refuses"},
	{"orders:", "", "look at the order in the list of orders that need attention"},
	{"carts:", "", "two orders bought the same cart; cancel the one that the customer does not want"},
	{"stock:", "", "the ledger and the levels of inventory are in one dump, which is broken; restore another"},
}

// ruleOf returns the rule of a check. A check without one is for a person.
func ruleOf(check string) rule {
	for _, r := range rules {
		if strings.HasPrefix(check, r.checks) {
			return r
		}
	}
	return rule{person: "find out which service is right"}
}
