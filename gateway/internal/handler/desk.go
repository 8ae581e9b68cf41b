package handler

import (
	"context"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	customersv1 "souk/proto/gen/souk/customers/v1"
	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/gateway/internal/api"
)

// ListAllOrders returns every customer's orders. Orders knows no e-mail addresses, so that customers is asked whose one is.
func (h *Handler) ListAllOrders(ctx context.Context, req api.ListAllOrdersRequestObject) (api.ListAllOrdersResponseObject, error) {
	wanted := listRequest(req.Params)
	if strings.Contains(wanted.Query, "@") {
		found, err := h.Customers.GetCustomerByEmail(ctx, &customersv1.GetCustomerByEmailRequest{Email: wanted.Query})
		if err != nil {
			return nil, err
		}
		if id := found.GetCustomerId(); id == "" || wanted.CustomerId != "" && wanted.CustomerId != id {
			return api.ListAllOrders200JSONResponse{Items: []api.Order{}}, nil
		}
		wanted.CustomerId, wanted.Query = found.GetCustomerId(), ""
	}
	answer, err := h.Orders.ListAllOrders(ctx, wanted)
	if err != nil {
		return nil, err
	}
	return api.ListAllOrders200JSONResponse{
		Items: h.orderViews(ctx, answer.GetOrders()), NextCursor: optional(answer.GetNextCursor()),
	}, nil
}

func listRequest(p api.ListAllOrdersParams) *ordersv1.ListAllOrdersRequest {
	attention := value(p.Attention)
	return &ordersv1.ListAllOrdersRequest{
		Status: statusProto(value(p.Status)), CustomerId: value(p.CustomerId), Limit: value(p.Limit), Cursor: value(p.Cursor),
		Query: value(p.Q), From: timeProto(p.From), To: timeProto(p.To), OldestFirst: value(p.Sort) == api.ListAllOrdersParamsSortOldest,
		AnyAttention: attention == api.ListAllOrdersParamsAttentionAny, Attention: attentionProto[api.OrderAttention(attention)],
	}
}

// timeProto returns a time, or nil for none.
func timeProto(t *time.Time) *timestamppb.Timestamp {
	if t == nil {
		return nil
	}
	return timestamppb.New(*t)
}

var attentionProto = map[api.OrderAttention]ordersv1.Attention{
	api.OrderAttentionStuck:                 ordersv1.Attention_ATTENTION_STUCK,
	api.OrderAttentionAuthorizationExpiring: ordersv1.Attention_ATTENTION_AUTHORIZATION_EXPIRING,
	api.OrderAttentionPaymentUnknown:        ordersv1.Attention_ATTENTION_PAYMENT_UNKNOWN,
	api.OrderAttentionPaymentDiffers:        ordersv1.Attention_ATTENTION_PAYMENT_DIFFERS,
	api.OrderAttentionRefundFailed:          ordersv1.Attention_ATTENTION_REFUND_FAILED,
}

// attentionView returns why a person has to look at an order, or nil when nobody has to.
func attentionView(reasons []ordersv1.Attention) *[]api.OrderAttention {
	var all []api.OrderAttention
	for _, reason := range reasons {
		for view, proto := range attentionProto {
			if proto == reason {
				all = append(all, view)
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	return &all
}

// CancelAnyOrder cancels a customer's order for staff.
func (h *Handler) CancelAnyOrder(ctx context.Context, req api.CancelAnyOrderRequestObject) (api.CancelAnyOrderResponseObject, error) {
	answer, err := h.Orders.CancelAnyOrder(ctx, &ordersv1.CancelAnyOrderRequest{Id: req.Id, Reason: req.Body.Reason})
	if err != nil {
		return nil, err
	}
	h.noteSold(answer.GetOrder())
	return api.CancelAnyOrder200JSONResponse(h.composedOrder(ctx, answer.GetOrder())), nil
}
