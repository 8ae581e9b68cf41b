package order

import "souk/platform/audit"

// NoteMended notes for the audit log that the other services were made to agree with the order.
func (o *Order) NoteMended() { o.decide(audit.OrderMended, nil) }

// SentAgain notes the shipment of a parcel that was handed over again, because shipping had forgotten it.
func (o *Order) SentAgain(shipment Shipment) { o.data.Shipment = shipment }

// Repayments returns the refunds that the shop has made and that have succeeded. Those that were made at the payment provider are none.
func (o Order) Repayments() []Refund {
	var made []Refund
	for _, refund := range o.data.Refunds {
		if refund.Status == RefundSucceeded && refund.Reason != reasonAtProvider {
			made = append(made, refund)
		}
	}
	return made
}
