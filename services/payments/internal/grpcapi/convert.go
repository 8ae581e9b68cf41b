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

func paymentProto(p payments.Payment) *paymentsv1.Payment {
	return &paymentsv1.Payment{
		Id: p.ID, OrderId: p.OrderID, Status: statuses[p.Status],
		Amount: moneyProto(p.Amount), Captured: moneyProto(p.CapturedAmount()),
		Refunded:      moneyProto(p.Refunded),
		DeclineReason: p.DeclineReason,
	}
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
