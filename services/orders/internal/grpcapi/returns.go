package grpcapi

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/platform/access"
	"souk/platform/admission"
	"souk/platform/field"
	"souk/platform/rpc"

	"souk/services/orders/internal/aftersales"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
)

// RequestReturn writes down that the caller wants to send goods back.
func (s *Server) RequestReturn(ctx context.Context, req *ordersv1.RequestReturnRequest) (*ordersv1.RequestReturnResponse, error) {
	return rpc.Once(ctx, s.keys.Transaction, req, func(ctx context.Context) (*ordersv1.RequestReturnResponse, error) {
		return s.requestReturn(ctx, req)
	})
}

func (s *Server) requestReturn(ctx context.Context, req *ordersv1.RequestReturnRequest) (*ordersv1.RequestReturnResponse, error) {
	goods, err := s.orders.RequestReturn(ctx, aftersales.ReturnRequest{
		CustomerID: access.FromContext(ctx).CustomerID, OrderID: req.GetOrderId(), Lines: all(req.GetLines(), itemOf), Reason: req.GetReason(),
	})
	if err != nil {
		return nil, statusError(err)
	}
	return &ordersv1.RequestReturnResponse{Return: returnProto(goods)}, nil
}

// WithdrawReturn ends a return that the caller gives up.
func (s *Server) WithdrawReturn(ctx context.Context, req *ordersv1.WithdrawReturnRequest) (*ordersv1.WithdrawReturnResponse, error) {
	goods, err := s.orders.WithdrawReturn(ctx, access.FromContext(ctx).CustomerID, req.GetOrderId(), req.GetReturnId())
	if err != nil {
		return nil, statusError(err)
	}
	return &ordersv1.WithdrawReturnResponse{Return: returnProto(goods)}, nil
}

// ListReturns returns everyone's returns.
func (s *Server) ListReturns(ctx context.Context, req *ordersv1.ListReturnsRequest) (*ordersv1.ListReturnsResponse, error) {
	wanted, ok := returnStatusOf[req.GetStatus()]
	if !ok && req.GetStatus() != ordersv1.Return_STATUS_UNSPECIFIED {
		return nil, field.Invalid("status", "is unknown")
	}
	page, err := s.orders.ListReturns(ctx, orders.ReturnQuery{Status: wanted, Limit: int(req.GetLimit()), Cursor: req.GetCursor()})
	if err != nil {
		return nil, statusError(err)
	}
	return &ordersv1.ListReturnsResponse{Returns: all(page.Returns, returnProto), NextCursor: page.NextCursor}, nil
}

// RefuseReturn ends a return that the shop does not accept.
func (s *Server) RefuseReturn(ctx context.Context, req *ordersv1.RefuseReturnRequest) (*ordersv1.RefuseReturnResponse, error) {
	return rpc.Once(ctx, s.keys.Steps.About(req.GetReturnId()), req, func(ctx context.Context) (*ordersv1.RefuseReturnResponse, error) {
		goods, err := s.orders.RefuseReturn(ctx, access.FromContext(ctx).ID(), req.GetReturnId(), req.GetReason())
		if err != nil {
			return nil, statusError(err)
		}
		return &ordersv1.RefuseReturnResponse{Return: returnProto(goods)}, nil
	})
}

// ReceiveReturn takes the goods of a return back.
func (s *Server) ReceiveReturn(ctx context.Context, req *ordersv1.ReceiveReturnRequest) (*ordersv1.ReceiveReturnResponse, error) {
	return rpc.Once(ctx, s.keys.Steps.About(req.GetReturnId()), req, func(ctx context.Context) (*ordersv1.ReceiveReturnResponse, error) {
		goods, err := s.orders.ReceiveReturn(ctx, aftersales.ReceiveRequest{
			StaffID: access.FromContext(ctx).ID(), ReturnID: req.GetReturnId(),
			Came: order.Receipt{Lines: all(req.GetLines(), receivedOf), RefundShipping: req.GetRefundShipping()},
		})
		if err != nil {
			return nil, statusError(err)
		}
		return &ordersv1.ReceiveReturnResponse{Return: returnProto(goods)}, nil
	})
}

// RefundOrder gives captured money back.
func (s *Server) RefundOrder(ctx context.Context, req *ordersv1.RefundOrderRequest) (*ordersv1.RefundOrderResponse, error) {
	asked := aftersales.RefundRequest{
		StaffID: access.FromContext(ctx).ID(), IdempotencyKey: req.GetIdempotencyKey(),
		RequestID: rpc.RequestID(ctx), Retried: rpc.Retried(ctx),
		OrderID: req.GetOrderId(), Lines: all(req.GetLines(), itemOf), Shipping: req.GetShipping(), Reason: req.GetReason(),
	}
	if req.GetAmount() != nil {
		amount := moneyOf(req.GetAmount())
		asked.Amount = &amount
	}
	given, err := s.orders.RefundOrder(ctx, asked)
	if err != nil {
		return nil, statusError(err)
	}
	return &ordersv1.RefundOrderResponse{Refund: refundProto(req.GetOrderId(), given.Refund), Replayed: given.Replayed}, nil
}

// WaitForEvents returns what is on an order's timeline after a position.
func (s *Server) WaitForEvents(ctx context.Context, req *ordersv1.WaitForEventsRequest) (*ordersv1.WaitForEventsResponse, error) {
	admission.Yield(ctx)
	after := int(req.GetAfter())
	o, entries, err := s.orders.WaitForEvents(ctx, viewerOf(ctx), req.GetOrderId(), after, req.GetWait().AsDuration())
	if err != nil {
		return nil, statusError(err)
	}
	answer := &ordersv1.WaitForEventsResponse{Order: orderProto(o)}
	for i, entry := range entries {
		answer.Events = append(answer.Events, &ordersv1.Event{Position: int32(after + i + 1), Entry: entryProto(entry)})
	}
	return answer, nil
}

var returnStatusOf = map[ordersv1.Return_Status]order.ReturnStatus{
	ordersv1.Return_STATUS_REQUESTED: order.ReturnRequested,
	ordersv1.Return_STATUS_RECEIVED:  order.ReturnReceived,
	ordersv1.Return_STATUS_REFUNDED:  order.ReturnRefunded,
	ordersv1.Return_STATUS_REFUSED:   order.ReturnRefused,
	ordersv1.Return_STATUS_WITHDRAWN: order.ReturnWithdrawn,
}

var returnStatusProto = inverse(returnStatusOf)

func returnProto(t order.ReturnView) *ordersv1.Return {
	out := &ordersv1.Return{
		Id: t.ID, OrderId: t.OrderID, OrderNumber: t.OrderNumber, CustomerId: t.CustomerID,
		Status: returnStatusProto[t.Status], Reason: t.Reason, RefusalReason: t.RefusalReason,
		Lines: all(t.Lines, itemProto), NotRestocked: all(t.NotRestocked, itemProto),
		Amount: moneyProto(t.Amount), RefundShipping: &t.RefundShipping, CreatedAt: timestamppb.New(t.CreatedAt),
	}
	if t.RefundAmount != nil {
		out.RefundAmount = moneyProto(*t.RefundAmount)
	}
	return out
}

func itemProto(item order.Item) *ordersv1.ReturnLine {
	return &ordersv1.ReturnLine{Sku: item.SKU, Quantity: item.Quantity}
}

func itemOf(line *ordersv1.ReturnLine) order.Item {
	return order.Item{SKU: line.GetSku(), Quantity: line.GetQuantity()}
}

func receivedOf(line *ordersv1.ReceivedLine) order.ReceivedLine {
	return order.ReceivedLine{Item: order.Item{SKU: line.GetSku(), Quantity: line.GetQuantity()}, Restock: line.GetRestock()}
}

var refundStatusProto = map[order.RefundStatus]ordersv1.Refund_Status{
	order.RefundPending:   ordersv1.Refund_STATUS_PENDING,
	order.RefundSucceeded: ordersv1.Refund_STATUS_SUCCEEDED,
	order.RefundFailed:    ordersv1.Refund_STATUS_FAILED,
}

func refundProto(orderID string, f order.Refund) *ordersv1.Refund {
	return &ordersv1.Refund{
		Id: f.ID, OrderId: orderID, Status: refundStatusProto[f.Status], Amount: moneyProto(f.Amount), Reason: f.Reason,
		Lines: all(f.Lines, itemProto), Shipping: f.Shipping, ReturnId: f.ReturnID, CreatedAt: timestamppb.New(f.CreatedAt),
	}
}
