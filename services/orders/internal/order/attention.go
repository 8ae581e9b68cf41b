package order

import "time"

// Attention is why a person has to look at an order.
type Attention string

// The reasons.
const (
	// AttentionStuck means that the shop has had work left for the order for StuckAfter.
	AttentionStuck Attention = "stuck"
	// AttentionAuthorizationExpiring means that the money is to be captured soon: the authorization was made ExpiringAfter ago.
	AttentionAuthorizationExpiring Attention = "authorization_expiring"
	// AttentionPaymentUnknown means that the outcome of the payment or of one of its refunds has been unknown for a day.
	AttentionPaymentUnknown Attention = "payment_unknown"
	// AttentionPaymentDiffers means that the payment provider has other money of the order than the order needs.
	AttentionPaymentDiffers Attention = "payment_differs"
	// AttentionRefundFailed means that a refund has failed and its money is owed.
	AttentionRefundFailed Attention = "refund_failed"
)

// AllAttention are all reasons.
var AllAttention = []Attention{
	AttentionStuck, AttentionAuthorizationExpiring, AttentionPaymentUnknown, AttentionPaymentDiffers, AttentionRefundFailed,
}

const (
	// StuckAfter is how long an order with work may stay unchanged.
	StuckAfter = 10 * time.Minute
	// ExpiringAfter is two days less than authorizations last: https://docs.stripe.com/payments/place-a-hold-on-a-payment-method
	ExpiringAfter = 5 * 24 * time.Hour
)

// Attention returns why a person has to look at the order now. The list of staff has the same rules in SQL (postgres/list.go:
// addAttention).
func (o Order) Attention() []Attention {
	all := o.LastingAttention()
	at := now()
	if o.Task() != TaskNone && at.Sub(o.data.ChangedAt) > StuckAfter {
		all = append(all, AttentionStuck)
	}
	if o.data.Status == StatusConfirmed && o.data.Payment.Status == PaymentAuthorized && at.Sub(o.data.CreatedAt) > ExpiringAfter {
		all = append(all, AttentionAuthorizationExpiring)
	}
	return all
}

// LastingAttention returns those reasons that do not come with time alone.
func (o Order) LastingAttention() []Attention {
	var all []Attention
	if told := o.data.PaymentAttention; told != "" {
		all = append(all, told)
	}
	p := o.data.Payment
	partly := o.data.Status == StatusConfirmed && p.Status == PaymentCaptured && p.Captured.Amount != o.data.Totals.Total.Amount
	if partly && o.data.PaymentAttention != AttentionPaymentDiffers {
		all = append(all, AttentionPaymentDiffers)
	}
	if o.Owed().Amount > 0 {
		all = append(all, AttentionRefundFailed)
	}
	return all
}
