package grpcapi

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/platform/access"
	"souk/platform/admission"
	"souk/platform/rpc"

	"souk/services/orders/internal/aftersales"
	"souk/services/orders/internal/order"
)

// RequestReturn writes down that the caller wants to send goods back.
func (s *Server) RequestReturn(ctx context.Context, req *ordersv1.RequestReturnRequest) (*ordersv1.RequestReturnResponse, error) {
	return rpc.Once(ctx, s.keys.Transaction, req, func(ctx context.Context) (*ordersv1.RequestReturnResponse, error) {
		return s.requestReturn(ctx, req)
	})
}

func (s *Server) requestReturn(ctx context.Context, req *ordersv1.RequestReturnRequest) (*ordersv1.RequestReturnResponse, error) {
	lines := make([]order.Item, len(req.GetLines()))
	for i, line := range req.GetLines() {
		lines[i] = order.Item{SKU: line.GetSku(), Quantity: line.GetQuantity()}
	}
	goods, err := s.orders.RequestReturn(ctx, aftersales.ReturnRequest{
		CustomerID: access.FromContext(ctx).CustomerID, OrderID: req.GetOrderId(), Lines: lines, Reason: req.GetReason(),
	})
	if err != nil {
		return nil, statusError(err)
	}
	return &ordersv1.RequestReturnResponse{Return: returnProto(req.GetOrderId(), goods)}, nil
}

// ReceiveReturn takes the goods of a return back.
func (s *Server) ReceiveReturn(ctx context.Context, req *ordersv1.ReceiveReturnRequest) (*ordersv1.ReceiveReturnResponse, error) {
	return rpc.Once(ctx, s.keys.Steps.About(req.GetReturnId()), req, func(ctx context.Context) (*ordersv1.ReceiveReturnResponse, error) {
		orderID, goods, err := s.orders.ReceiveReturn(ctx, req.GetReturnId())
		if err != nil {
			return nil, statusError(err)
		}
		return &ordersv1.ReceiveReturnResponse{Return: returnProto(orderID, goods)}, nil
	})
}

// RefundOrder gives captured money back.
func (s *Server) RefundOrder(ctx context.Context, req *ordersv1.RefundOrderRequest) (*ordersv1.RefundOrderResponse, error) {
	given, err := s.orders.RefundOrder(ctx, aftersales.RefundRequest{
		StaffID: access.FromContext(ctx).CustomerID, IdempotencyKey: req.GetIdempotencyKey(),
		RequestID: rpc.RequestID(ctx), Retried: rpc.Retried(ctx),
		OrderID: req.GetOrderId(), Amount: moneyOf(req.GetAmount()), Reason: req.GetReason(),
	})
	if err != nil {
		return nil, statusError(err)
	}
	return &ordersv1.RefundOrderResponse{Refund: refundProto(req.GetOrderId(), given.Refund), Replayed: given.Replayed}, nil
}

// WaitForEvents returns what is on an order's timeline after a position.
func (s *Server) WaitForEvents(ctx context.Context, req *ordersv1.WaitForEventsRequest) (*ordersv1.WaitForEventsResponse, error) {
	admission.Yield(ctx)
	caller := access.FromContext(ctx)
	viewer := order.Viewer{CustomerID: caller.CustomerID, Staff: caller.Staff()}
	after := int(req.GetAfter())
	o, entries, err := s.orders.WaitForEvents(ctx, viewer, req.GetOrderId(), after, req.GetWait().AsDuration())
	if err != nil {
		return nil, statusError(err)
	}
	answer := &ordersv1.WaitForEventsResponse{Order: orderProto(o)}
	for i, entry := range entries {
		answer.Events = append(answer.Events, &ordersv1.Event{Position: int32(after + i + 1), Entry: entryProto(entry)})
	}
	return answer, nil
}

var returnStatusProto = map[order.ReturnStatus]ordersv1.Return_Status{
	order.ReturnRequested: ordersv1.Return_STATUS_REQUESTED,
	order.ReturnReceived:  ordersv1.Return_STATUS_RECEIVED,
	order.ReturnRefunded:  ordersv1.Return_STATUS_REFUNDED,
}

func returnProto(orderID string, t order.Return) *ordersv1.Return {
	out := &ordersv1.Return{
		Id: t.ID, OrderId: orderID, Status: returnStatusProto[t.Status], Reason: t.Reason,
		Amount: moneyProto(t.Amount), CreatedAt: timestamppb.New(t.CreatedAt),
	}
	for _, line := range t.Lines {
		out.Lines = append(out.Lines, &ordersv1.ReturnLine{Sku: line.SKU, Quantity: line.Quantity})
	}
	return out
}

var refundStatusProto = map[order.RefundStatus]ordersv1.Refund_Status{
	order.RefundPending:   ordersv1.Refund_STATUS_PENDING,
	order.RefundSucceeded: ordersv1.Refund_STATUS_SUCCEEDED,
	order.RefundFailed:    ordersv1.Refund_STATUS_FAILED,
}

func refundProto(orderID string, f order.Refund) *ordersv1.Refund {
	return &ordersv1.Refund{
		Id: f.ID, OrderId: orderID, Status: refundStatusProto[f.Status], Amount: moneyProto(f.Amount), Reason: f.Reason,
		ReturnId: f.ReturnID, CreatedAt: timestamppb.New(f.CreatedAt),
	}
}
