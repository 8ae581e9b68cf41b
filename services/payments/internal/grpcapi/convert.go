package grpcapi

import (
	moneyv1 "souk/proto/gen/souk/money/v1"
	paymentsv1 "souk/proto/gen/souk/payments/v1"

	"souk/platform/money"

	"souk/services/payments/internal/payments"
)

var statuses = map[payments.Status]paymentsv1.Status{
	payments.Pending:    paymentsv1.Status_STATUS_PENDING,
	payments.Authorized: paymentsv1.Status_STATUS_AUTHORIZED,
	payments.Declined:   paymentsv1.Status_STATUS_DECLINED,
	payments.Captured:   paymentsv1.Status_STATUS_CAPTURED,
	payments.Voided:     paymentsv1.Status_STATUS_VOIDED,
}

var voidReasons = map[payments.VoidReason]paymentsv1.VoidReason{
	payments.VoidRequested:  paymentsv1.VoidReason_VOID_REASON_REQUESTED,
	payments.VoidExpired:    paymentsv1.VoidReason_VOID_REASON_EXPIRED,
	payments.VoidAtProvider: paymentsv1.VoidReason_VOID_REASON_AT_PROVIDER,
}

var attentions = map[payments.Attention]paymentsv1.Attention{
	payments.OutcomeUnknown:  paymentsv1.Attention_ATTENTION_OUTCOME_UNKNOWN,
	payments.ProviderDiffers: paymentsv1.Attention_ATTENTION_PROVIDER_DIFFERS,
}

var refundStatuses = map[payments.RefundStatus]paymentsv1.RefundStatus{
	payments.RefundPending:   paymentsv1.RefundStatus_REFUND_STATUS_PENDING,
	payments.RefundSucceeded: paymentsv1.RefundStatus_REFUND_STATUS_SUCCEEDED,
	payments.RefundFailed:    paymentsv1.RefundStatus_REFUND_STATUS_FAILED,
}

func paymentProto(p payments.Payment) *paymentsv1.Payment {
	out := &paymentsv1.Payment{
		Id: p.ID, OrderId: p.OrderID, Status: statuses[p.Status], Version: p.Version, Amount: moneyProto(p.Amount),
		Open: moneyProto(p.OpenAmount()), Captured: moneyProto(p.CapturedAmount()), Refunded: moneyProto(p.Refunded),
		DeclineReason: p.DeclineReason, Attention: attentions[p.Attention], Traceparent: p.Trace,
	}
	if p.Status == payments.Voided {
		out.VoidReason = voidReasons[p.VoidReason]
	}
	return out
}

func detailProto(d payments.Detail) *paymentsv1.Payment {
	p := paymentProto(d.Payment)
	for _, r := range d.Refunds {
		refund := &paymentsv1.Refund{Id: r.ID, Status: refundStatuses[r.Status], Amount: moneyProto(r.Amount), Reason: r.Reason}
		p.Refunds = append(p.Refunds, refund)
	}
	return p
}

func detailsProto(details []payments.Detail) []*paymentsv1.Payment {
	all := make([]*paymentsv1.Payment, len(details))
	for i, d := range details {
		all[i] = detailProto(d)
	}
	return all
}

func moneyProto(m money.Money) *moneyv1.Money {
	return &moneyv1.Money{Amount: m.Amount, Currency: m.Currency}
}

func booksProto(b payments.Books) *paymentsv1.Books {
	books := &paymentsv1.Books{
		Payment: paymentProto(b.Payment), Authorized: moneyProto(b.Authorized), Captured: moneyProto(b.Captured),
		Voided: moneyProto(b.Voided), Open: moneyProto(b.Open), Refunded: moneyProto(b.Refunded),
		UnbalancedMovements: int32(b.UnbalancedMovements),
	}
	if b.Provider != nil {
		books.Provider = &paymentsv1.ProviderBooks{
			Open: moneyProto(b.Provider.Open), Captured: moneyProto(b.Provider.Captured), Refunded: moneyProto(b.Provider.Refunded),
		}
	}
	return books
}
