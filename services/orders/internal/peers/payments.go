package peers

import (
	"context"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	paymentsv1 "souk/proto/gen/souk/payments/v1"

	"souk/platform/money"
	"souk/platform/rpc"

	"souk/services/orders/internal/aftersales"
	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/orders"
	"souk/services/orders/internal/saga"
)

type payments struct {
	client paymentsv1.PaymentsServiceClient
}

var _ orders.Payments = (*payments)(nil)

func (p *payments) Authorize(ctx context.Context, orderID string, amount money.Money, method string) error {
	answer, err := p.client.Authorize(asShop(ctx), &paymentsv1.AuthorizeRequest{
		OrderId: orderID, Amount: moneyProto(amount), PaymentMethod: method,
	})
	switch {
	case status.Code(err) == codes.InvalidArgument:
		// Payments takes no such amount or method, and never will.
		return &checkout.DeclinedError{Reason: "invalid_payment"}
	case err != nil:
		return peerError(err)
	}
	return outcomeOf(answer.GetPayment())
}

// outcomeOf returns nil for a payment whose money is held, or taken.
func outcomeOf(payment *paymentsv1.Payment) error {
	switch payment.GetStatus() {
	case paymentsv1.Status_STATUS_AUTHORIZED, paymentsv1.Status_STATUS_CAPTURED:
		return nil
	case paymentsv1.Status_STATUS_DECLINED:
		return &checkout.DeclinedError{Reason: payment.GetDeclineReason()}
	case paymentsv1.Status_STATUS_VOIDED:
		return checkout.ErrPaymentEnded
	default:
		return fmt.Errorf("%w: payment is %s", saga.ErrUnavailable, payment.GetStatus())
	}
}

func (p *payments) Capture(ctx context.Context, orderID string) error {
	_, err := p.client.Capture(asShop(ctx), &paymentsv1.CaptureRequest{OrderId: orderID})
	switch {
	case rpc.HasReason(err, paymentsv1.ErrorReason_ERROR_REASON_NOT_AUTHORIZED):
		return aftersales.ErrNotAuthorized
	case err != nil:
		return peerError(err)
	}
	return nil
}

func (p *payments) Void(ctx context.Context, orderID string) error {
	_, err := p.client.Void(asShop(ctx), &paymentsv1.VoidRequest{OrderId: orderID})
	if err != nil {
		return peerError(err)
	}
	return nil
}

func (p *payments) Refund(ctx context.Context, orderID, refundID string, amount money.Money) error {
	_, err := p.client.Refund(asShop(ctx), &paymentsv1.RefundRequest{
		OrderId: orderID, RefundId: refundID, Amount: moneyProto(amount),
	})
	switch {
	case status.Code(err) == codes.FailedPrecondition:
		return fmt.Errorf("%w: %s", aftersales.ErrNotRefundable, rpc.Reason(err))
	case err != nil:
		return peerError(err)
	}
	return nil
}
