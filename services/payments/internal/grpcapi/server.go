// Package grpcapi serves payments' contract: proto in, domain out.
package grpcapi

import (
	"context"

	paymentsv1 "souk/proto/gen/souk/payments/v1"

	"souk/platform/money"
	"souk/platform/pgfeed"

	"souk/services/payments/internal/payments"
)

// Server implements paymentsv1.PaymentsServiceServer.
type Server struct {
	paymentsv1.UnimplementedPaymentsServiceServer
	payments *payments.Service
	feed     *pgfeed.Feed
}

// New returns a server of service. feed is the feed of changed payments, by order ID.
func New(service *payments.Service, feed *pgfeed.Feed) *Server {
	return &Server{payments: service, feed: feed}
}

// Authorize holds money for an order.
func (s *Server) Authorize(ctx context.Context, req *paymentsv1.AuthorizeRequest) (*paymentsv1.AuthorizeResponse, error) {
	amount := money.New(req.GetAmount().GetAmount(), req.GetAmount().GetCurrency())
	authorize := s.payments.Authorize
	if req.GetRestored() {
		authorize = s.payments.AuthorizeRestored
	}
	p, err := authorize(ctx, req.GetOrderId(), amount, req.GetPaymentMethod())
	if err != nil {
		return nil, wireError(err)
	}
	if p.Status == payments.Captured { // by somebody at the provider, who may have refunded it as well
		found, err := s.detail(ctx, p.OrderID)
		return &paymentsv1.AuthorizeResponse{Payment: found}, err
	}
	return &paymentsv1.AuthorizeResponse{Payment: paymentProto(p)}, nil
}

// detail returns the payment of an order with its refunds.
func (s *Server) detail(ctx context.Context, orderID string) (*paymentsv1.Payment, error) {
	found, err := s.payments.Detail(ctx, orderID)
	if err != nil {
		return nil, wireError(err)
	}
	return detailProto(found), nil
}

// Capture takes what is authorized.
func (s *Server) Capture(ctx context.Context, req *paymentsv1.CaptureRequest) (*paymentsv1.CaptureResponse, error) {
	if _, err := s.payments.Capture(ctx, req.GetOrderId()); err != nil {
		return nil, wireError(err)
	}
	found, err := s.detail(ctx, req.GetOrderId())
	return &paymentsv1.CaptureResponse{Payment: found}, err
}

// Void lets an authorization go.
func (s *Server) Void(ctx context.Context, req *paymentsv1.VoidRequest) (*paymentsv1.VoidResponse, error) {
	if err := s.payments.Void(ctx, req.GetOrderId()); err != nil {
		return nil, wireError(err)
	}
	found, err := s.detail(ctx, req.GetOrderId())
	return &paymentsv1.VoidResponse{Payment: found}, err
}

// Refund gives captured money back.
func (s *Server) Refund(ctx context.Context, req *paymentsv1.RefundRequest) (*paymentsv1.RefundResponse, error) {
	amount := money.New(req.GetAmount().GetAmount(), req.GetAmount().GetCurrency())
	refund := s.payments.Refund
	if req.GetRestored() {
		refund = s.payments.RefundRestored
	}
	if _, err := refund(ctx, req.GetOrderId(), req.GetRefundId(), amount); err != nil {
		return nil, wireError(err)
	}
	found, err := s.detail(ctx, req.GetOrderId())
	return &paymentsv1.RefundResponse{Payment: found}, err
}

// GetPayment returns an order's payment.
func (s *Server) GetPayment(ctx context.Context, req *paymentsv1.GetPaymentRequest) (*paymentsv1.GetPaymentResponse, error) {
	found, err := s.detail(ctx, req.GetOrderId())
	return &paymentsv1.GetPaymentResponse{Payment: found}, err
}

// ListPayments returns the payments of orders.
func (s *Server) ListPayments(ctx context.Context, req *paymentsv1.ListPaymentsRequest) (*paymentsv1.ListPaymentsResponse, error) {
	found, err := s.payments.Details(ctx, req.GetOrderIds())
	if err != nil {
		return nil, wireError(err)
	}
	return &paymentsv1.ListPaymentsResponse{Payments: detailsProto(found)}, nil
}

// HandleWebhook handles a message from a provider.
func (s *Server) HandleWebhook(ctx context.Context, req *paymentsv1.HandleWebhookRequest) (*paymentsv1.HandleWebhookResponse, error) {
	if err := s.payments.HandleWebhook(ctx, req.GetProvider(), req.GetPayload(), req.GetSignature()); err != nil {
		return nil, wireError(err)
	}
	return &paymentsv1.HandleWebhookResponse{}, nil
}

// ListBooks returns the sums of payments in the ledger.
func (s *Server) ListBooks(ctx context.Context, req *paymentsv1.ListBooksRequest) (*paymentsv1.ListBooksResponse, error) {
	books, next, err := s.payments.Books(ctx, payments.BooksQuery{
		Limit: int(req.GetLimit()), After: req.GetAfter(), OrderIDs: req.GetOrderIds(), WithProvider: req.GetWithProvider(),
	})
	if err != nil {
		return nil, wireError(err)
	}
	answer := &paymentsv1.ListBooksResponse{NextAfter: next, Books: make([]*paymentsv1.Books, len(books))}
	for i, b := range books {
		answer.Books[i] = booksProto(b)
	}
	return answer, nil
}
