package grpcapi

import (
	"context"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/platform/access"
	"souk/platform/field"
	"souk/platform/rpc"

	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
)

// ListAllOrders returns everyone's orders.
func (s *Server) ListAllOrders(ctx context.Context, req *ordersv1.ListAllOrdersRequest) (*ordersv1.ListAllOrdersResponse, error) {
	filter, err := filterOf(req)
	if err != nil {
		return nil, err
	}
	page, err := s.orders.ListOrders(ctx, orders.Query{Filter: filter, Cursor: req.GetCursor()})
	if err != nil {
		return nil, statusError(err)
	}
	return &ordersv1.ListAllOrdersResponse{Orders: all(page.Orders, staffOrderProto), NextCursor: page.NextCursor}, nil
}

// CancelAnyOrder gives up an order of any customer.
func (s *Server) CancelAnyOrder(ctx context.Context, req *ordersv1.CancelAnyOrderRequest) (*ordersv1.CancelAnyOrderResponse, error) {
	return rpc.Once(ctx, s.keys.Steps.About(req.GetId()), req, func(ctx context.Context) (*ordersv1.CancelAnyOrderResponse, error) {
		o, err := s.orders.CancelAnyOrder(ctx, access.FromContext(ctx).ID(), req.GetId(), req.GetReason())
		if err != nil {
			return nil, statusError(err)
		}
		return &ordersv1.CancelAnyOrderResponse{Order: staffOrderProto(o)}, nil
	})
}

func filterOf(req *ordersv1.ListAllOrdersRequest) (order.Filter, error) {
	var check field.Checker
	filter := order.Filter{
		CustomerID: req.GetCustomerId(), Status: statusOf[req.GetStatus()], Limit: int(req.GetLimit()),
		Text: req.GetQuery(), OldestFirst: req.GetOldestFirst(),
		From: check.CheckTime("from", req.GetFrom()), To: check.CheckTime("to", req.GetTo()),
	}
	check.Check(filter.Status != "" || req.GetStatus() == ordersv1.Status_STATUS_UNSPECIFIED, "status", "is unknown")
	if req.GetAnyAttention() {
		filter.Attention = order.AllAttention
	} else if wanted := req.GetAttention(); wanted != ordersv1.Attention_ATTENTION_UNSPECIFIED {
		reason, ok := attentionOf[wanted]
		check.Check(ok, "attention", "is unknown")
		filter.Attention = []order.Attention{reason}
	}
	return filter, check.Err()
}

var attentionOf = map[ordersv1.Attention]order.Attention{
	ordersv1.Attention_ATTENTION_STUCK:                  order.AttentionStuck,
	ordersv1.Attention_ATTENTION_AUTHORIZATION_EXPIRING: order.AttentionAuthorizationExpiring,
	ordersv1.Attention_ATTENTION_PAYMENT_UNKNOWN:        order.AttentionPaymentUnknown,
	ordersv1.Attention_ATTENTION_PAYMENT_DIFFERS:        order.AttentionPaymentDiffers,
	ordersv1.Attention_ATTENTION_REFUND_FAILED:          order.AttentionRefundFailed,
}

var attentionProto = inverse(attentionOf)

// staffOrderProto converts an order for staff. They also see the actor of each entry of the timeline, the money that is owed, and the reasons
// why a person has to look at the order.
func staffOrderProto(o order.View) *ordersv1.Order {
	out := orderProto(o)
	for i, entry := range o.Timeline {
		out.Timeline[i].ActorId = entry.ActorID
	}
	out.Owed = moneyProto(o.Owed)
	out.Attention = all(o.Attention, func(reason order.Attention) ordersv1.Attention { return attentionProto[reason] })
	return out
}
