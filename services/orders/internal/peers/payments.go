package peers

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	paymentsv1 "souk/proto/gen/souk/payments/v1"

	"souk/platform/money"
	"souk/platform/rpc"

	"souk/services/orders/internal/aftersales"
	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
	"souk/services/orders/internal/saga"
	"souk/services/orders/internal/settlement"
)

type payments struct {
	client paymentsv1.PaymentsServiceClient
}

var _ orders.Payments = (*payments)(nil)

func (p *payments) Authorize(ctx context.Context, orderID string, amount money.Money, method string) (order.PaymentNews, error) {
	return p.authorize(ctx, &paymentsv1.AuthorizeRequest{OrderId: orderID, Amount: moneyProto(amount), PaymentMethod: method})
}

func (p *payments) AuthorizeRestored(ctx context.Context, orderID string, amount money.Money, method string) (order.PaymentNews, error) {
	return p.authorize(ctx, &paymentsv1.AuthorizeRequest{OrderId: orderID, Amount: moneyProto(amount), PaymentMethod: method, Restored: true})
}

func (p *payments) authorize(ctx context.Context, req *paymentsv1.AuthorizeRequest) (order.PaymentNews, error) {
	answer, err := p.client.Authorize(asShop(ctx), req)
	switch {
	case status.Code(err) == codes.InvalidArgument:
		// Payments takes no such amount or method, and never will.
		return order.PaymentNews{}, &checkout.DeclinedError{Reason: "invalid_payment"}
	case err != nil:
		return order.PaymentNews{}, peerError(err)
	}
	return paymentNews(answer.GetPayment()), outcomeOf(answer.GetPayment())
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

func (p *payments) Capture(ctx context.Context, orderID string) (order.PaymentNews, error) {
	answer, err := p.client.Capture(asShop(ctx), &paymentsv1.CaptureRequest{OrderId: orderID})
	switch {
	case rpc.HasReason(err, paymentsv1.ErrorReason_ERROR_REASON_NOT_AUTHORIZED):
		return order.PaymentNews{}, aftersales.ErrNotAuthorized
	case err != nil:
		return order.PaymentNews{}, peerError(err)
	}
	return paymentNews(answer.GetPayment()), nil
}

func (p *payments) Void(ctx context.Context, orderID string) (order.PaymentNews, error) {
	answer, err := p.client.Void(asShop(ctx), &paymentsv1.VoidRequest{OrderId: orderID})
	switch {
	case rpc.HasReason(err, paymentsv1.ErrorReason_ERROR_REASON_ALREADY_CAPTURED):
		return order.PaymentNews{}, settlement.ErrAlreadyCaptured
	case err != nil:
		return order.PaymentNews{}, peerError(err)
	}
	return paymentNews(answer.GetPayment()), nil
}

func (p *payments) Refund(ctx context.Context, orderID, refundID string, amount money.Money) (order.PaymentNews, error) {
	return p.refund(ctx, &paymentsv1.RefundRequest{OrderId: orderID, RefundId: refundID, Amount: moneyProto(amount)})
}

func (p *payments) RefundRestored(ctx context.Context, orderID, refundID string, amount money.Money) (order.PaymentNews, error) {
	return p.refund(ctx, &paymentsv1.RefundRequest{OrderId: orderID, RefundId: refundID, Amount: moneyProto(amount), Restored: true})
}

func (p *payments) refund(ctx context.Context, req *paymentsv1.RefundRequest) (order.PaymentNews, error) {
	answer, err := p.client.Refund(asShop(ctx), req)
	switch {
	case status.Code(err) == codes.FailedPrecondition:
		return order.PaymentNews{}, fmt.Errorf("%w: %s", settlement.ErrNotRefundable, rpc.Reason(err))
	case err != nil:
		return order.PaymentNews{}, peerError(err)
	}
	return paymentNews(answer.GetPayment()), nil
}

func (p *payments) Payments(ctx context.Context, orderIDs []string) ([]order.PaymentNews, error) {
	answer, err := p.client.ListPayments(asShop(ctx), &paymentsv1.ListPaymentsRequest{OrderIds: orderIDs})
	if err != nil {
		return nil, peerError(err)
	}
	return allNews(answer.GetPayments()), nil
}

func (p *payments) Changed(ctx context.Context, position string, wait time.Duration) (settlement.News, error) {
	answer, err := p.client.WatchPayments(asShop(ctx), &paymentsv1.WatchPaymentsRequest{Position: position, Wait: durationpb.New(wait)})
	if err != nil {
		return settlement.News{}, peerError(err)
	}
	return settlement.News{
		Changes: allNews(answer.GetPayments()), Position: answer.GetPosition(), More: answer.GetMore(), Reset: answer.GetReset_(),
	}, nil
}

var paymentStatuses = map[paymentsv1.Status]order.PaymentStatus{
	paymentsv1.Status_STATUS_PENDING:    order.PaymentPending,
	paymentsv1.Status_STATUS_AUTHORIZED: order.PaymentAuthorized,
	paymentsv1.Status_STATUS_DECLINED:   order.PaymentDeclined,
	paymentsv1.Status_STATUS_CAPTURED:   order.PaymentCaptured,
	paymentsv1.Status_STATUS_VOIDED:     order.PaymentVoided,
}

var attentions = map[paymentsv1.Attention]order.Attention{
	paymentsv1.Attention_ATTENTION_OUTCOME_UNKNOWN:  order.AttentionPaymentUnknown,
	paymentsv1.Attention_ATTENTION_PROVIDER_DIFFERS: order.AttentionPaymentDiffers,
}

var refundStatuses = map[paymentsv1.RefundStatus]order.RefundStatus{
	paymentsv1.RefundStatus_REFUND_STATUS_PENDING:   order.RefundPending,
	paymentsv1.RefundStatus_REFUND_STATUS_SUCCEEDED: order.RefundSucceeded,
	paymentsv1.RefundStatus_REFUND_STATUS_FAILED:    order.RefundFailed,
}

// known returns what a value of an enum means, or otherwise for a value of a later version.
func known[K comparable, V any](meanings map[K]V, value K, otherwise V) V {
	if meaning, ok := meanings[value]; ok {
		return meaning
	}
	return otherwise
}

func allNews(told []*paymentsv1.Payment) []order.PaymentNews {
	all := make([]order.PaymentNews, len(told))
	for i, payment := range told {
		all[i] = paymentNews(payment)
	}
	return all
}

func paymentNews(p *paymentsv1.Payment) order.PaymentNews {
	news := order.PaymentNews{
		OrderID: p.GetOrderId(), Version: p.GetVersion(), Status: known(paymentStatuses, p.GetStatus(), order.PaymentPending),
		Amount: moneyOf(p.GetAmount()), Captured: moneyOf(p.GetCaptured()), Refunded: moneyOf(p.GetRefunded()),
		Expired:   p.GetVoidReason() == paymentsv1.VoidReason_VOID_REASON_EXPIRED,
		Attention: attentions[p.GetAttention()], Trace: p.GetTraceparent(),
	}
	for _, refund := range p.GetRefunds() {
		news.Refunds = append(news.Refunds, order.Refund{
			ID: refund.GetId(), Status: known(refundStatuses, refund.GetStatus(), order.RefundPending), Amount: moneyOf(refund.GetAmount()),
		})
	}
	return news
}
