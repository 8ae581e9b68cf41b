package order

import "souk/platform/money"

// Owed returns what failed refunds have left to be given back. It is at most what can still be refunded, and at most what the failed
// refunds were for: a piece whose refund has failed is not owed any more once another refund pays for it.
func (o Order) Owed() money.Money {
	if o.data.Owed == 0 { // the usual case, in which the pieces need not be counted
		return money.New(0, o.data.Totals.Total.Currency)
	}
	return money.New(max(min(o.data.Owed, o.refundable(), o.failedWorth()), 0), o.data.Totals.Total.Currency)
}

// failedWorth returns what the failed refunds were for, in minor units, without the pieces and the shipping that another refund pays for.
func (o *Order) failedWorth() (total int64) {
	left, shippingPaid := o.unpaid(), o.shippingPaidBack()
	for _, refund := range o.data.Refunds {
		switch {
		case refund.Status != RefundFailed:
		case len(refund.Lines) == 0 && !refund.Shipping: // goodwill
			total += refund.Amount.Amount
		default:
			lines := atMost(refund.Lines, left)
			take(left, lines)
			worth, err := o.worth(lines, refund.Shipping && !shippingPaid)
			if err != nil {
				worth = refund.Amount // of sums that are too large, which no order has
			}
			shippingPaid = shippingPaid || refund.Shipping
			total += min(worth.Amount, refund.Amount.Amount)
		}
	}
	return total
}

// owe notes that the money of a refund was not given back.
func (o *Order) owe(amount money.Money) { o.data.Owed += amount.Amount }

// payOff notes that money is given back, of which failed refunds are paid first.
func (o *Order) payOff(amount money.Money) { o.data.Owed -= min(o.data.Owed, amount.Amount) }

// forgetPaid forgets what is owed for pieces that another refund pays for by now.
func (o *Order) forgetPaid() { o.data.Owed = min(o.data.Owed, o.failedWorth()) }
