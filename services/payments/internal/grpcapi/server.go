// Package grpcapi serves payments' contract: proto in, domain out.
package grpcapi

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"

	moneyv1 "souk/proto/gen/souk/money/v1"
	paymentsv1 "souk/proto/gen/souk/payments/v1"

	"souk/platform/money"
	"souk/platform/rpc"

	"souk/services/payments/internal/payments"
)

// Server implements paymentsv1.PaymentsServiceServer.
type Server struct {
	paymentsv1.UnimplementedPaymentsServiceServer
	payments *payments.Service
}

// New returns a server of service.
func New(service *payments.Service) *Server {
	return &Server{payments: service}
}

// Authorize holds money for an order.
func (s *Server) Authorize(ctx context.Context, req *paymentsv1.AuthorizeRequest) (*paymentsv1.AuthorizeResponse, error) {
	amount := money.New(req.GetAmount().GetAmount(), req.GetAmount().GetCurrency())
	p, err := s.payments.Authorize(ctx, req.GetOrderId(), amount, req.GetPaymentMethod())
	if err != nil {
		return nil, wireError(err)
	}
	return &paymentsv1.AuthorizeResponse{Payment: paymentProto(p)}, nil
}

// Capture takes what is authorized.
func (s *Server) Capture(ctx context.Context, req *paymentsv1.CaptureRequest) (*paymentsv1.CaptureResponse, error) {
	p, err := s.payments.Capture(ctx, req.GetOrderId())
	if err != nil {
		return nil, wireError(err)
	}
	return &paymentsv1.CaptureResponse{Payment: paymentProto(p)}, nil
}

// Void lets an authorization go.
func (s *Server) Void(ctx context.Context, req *paymentsv1.VoidRequest) (*paymentsv1.VoidResponse, error) {
	if err := s.payments.Void(ctx, req.GetOrderId()); err != nil {
		return nil, wireError(err)
	}
	return &paymentsv1.VoidResponse{}, nil
}

// GetPayment returns an order's payment.
func (s *Server) GetPayment(ctx context.Context, req *paymentsv1.GetPaymentRequest) (*paymentsv1.GetPaymentResponse, error) {
	p, err := s.payments.Payment(ctx, req.GetOrderId())
	if err != nil {
		return nil, wireError(err)
	}
	return &paymentsv1.GetPaymentResponse{Payment: paymentProto(p)}, nil
}

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
		Refunded:      moneyProto(money.New(0, p.Amount.Currency)),
		DeclineReason: p.DeclineReason,
	}
}

func moneyProto(m money.Money) *moneyv1.Money {
	return &moneyv1.Money{Amount: m.Amount, Currency: m.Currency}
}

// wireError gives a domain error its status and reason.
func wireError(err error) error {
	switch {
	case errors.Is(err, payments.ErrOutcomeUnknown):
		return rpc.Error(codes.Unavailable, "OUTCOME_UNKNOWN", payments.ErrOutcomeUnknown.Error())
	case errors.Is(err, payments.ErrNotFound):
		return rpc.Error(codes.NotFound, "PAYMENT_NOT_FOUND", payments.ErrNotFound.Error())
	case errors.Is(err, payments.ErrNotAuthorized):
		return rpc.Error(codes.FailedPrecondition, "NOT_AUTHORIZED", payments.ErrNotAuthorized.Error())
	case errors.Is(err, payments.ErrAlreadyCaptured):
		return rpc.Error(codes.FailedPrecondition, "ALREADY_CAPTURED", payments.ErrAlreadyCaptured.Error())
	case errors.Is(err, payments.ErrMismatch):
		return rpc.Error(codes.FailedPrecondition, "PAYMENT_MISMATCH", payments.ErrMismatch.Error())
	default:
		return err
	}
}
