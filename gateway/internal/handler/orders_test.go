package handler_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	customersv1 "souk/proto/gen/souk/customers/v1"
	errorsv1 "souk/proto/gen/souk/errors/v1"
	moneyv1 "souk/proto/gen/souk/money/v1"
	ordersv1 "souk/proto/gen/souk/orders/v1"
	shippingv1 "souk/proto/gen/souk/shipping/v1"

	"souk/platform/rpc"

	"souk/gateway/internal/api"
)

const (
	listOrders    = ordersv1.OrdersService_ListOrders_FullMethodName
	getOrder      = ordersv1.OrdersService_GetOrder_FullMethodName
	listShipments = shippingv1.ShippingService_ListShipments_FullMethodName
)

// shipped makes shipping return a parcel for the order.
func shipped(s *shop, order string) {
	on(s, listShipments, returns[*shippingv1.ListShipmentsRequest](&shippingv1.ListShipmentsResponse{Shipments: []*shippingv1.Shipment{{
		Id: "s1", OrderId: order, Carrier: "Royal", TrackingNumber: "RM1", Status: shippingv1.Status_STATUS_OUT_FOR_DELIVERY,
		Events: []*shippingv1.Event{{Status: shippingv1.Status_STATUS_LABEL_CREATED, Detail: "Label printed"}},
	}}}))
}

const parcel = `[{"id": "s1", "carrier": "Royal", "tracking_number": "RM1", "status": "out_for_delivery",
	"events": [{"at": "1970-01-01T00:00:00Z", "status": "label_created", "detail": "Label printed"}]}]`

func TestAnOrderIsShownWithItsParcels(t *testing.T) {
	t.Parallel()
	for status, want := range map[ordersv1.Status]string{
		ordersv1.Status_STATUS_PENDING:   orderJSON("pending", "[]"),
		ordersv1.Status_STATUS_CONFIRMED: orderJSON("confirmed", "[]"),
		ordersv1.Status_STATUS_REJECTED:  orderJSON("rejected", "[]"),
		ordersv1.Status_STATUS_CANCELLED: orderJSON("cancelled", "[]"),
		ordersv1.Status_STATUS_FULFILLED: orderJSON("fulfilled", parcel),
		ordersv1.Status_STATUS_DELIVERED: orderJSON("delivered", parcel),
	} {
		t.Run(status.String(), func(t *testing.T) {
			t.Parallel()
			s := open(t)
			shipped(s, "o1")
			on(s, getOrder, returns[*ordersv1.GetOrderRequest](&ordersv1.GetOrderResponse{Order: placed(status)}))
			s.send(t, customer, "GET", "/v1/orders/o1", nil).mustBe(t, 200, want)
		})
	}
}

func TestARejectedOrderShowsItsReason(t *testing.T) {
	t.Parallel()
	s := open(t)
	for want, rejection := range map[string]*ordersv1.Rejection{
		`{"reason": "payment_declined", "decline_reason": "insufficient_funds"}`: {
			Reason: ordersv1.Rejection_REASON_PAYMENT_DECLINED, Detail: "insufficient_funds",
		},
		`{"reason": "payment_declined", "decline_reason": "card_declined"}`: {
			Reason: ordersv1.Rejection_REASON_PAYMENT_DECLINED, Detail: "stolen_card",
		},
		`{"reason": "expired"}`: {Reason: ordersv1.Rejection_REASON_EXPIRED},
		`{"reason": "out_of_stock", "lines": [{"sku": "MUG-S", "requested": 2, "available": 1}]}`: {
			Reason:    ordersv1.Rejection_REASON_OUT_OF_STOCK,
			Shortages: []*ordersv1.Shortage{{Sku: "MUG-S", Requested: 2, Available: 1}},
		},
	} {
		order := placed(ordersv1.Status_STATUS_REJECTED)
		order.Rejection = rejection
		body := strings.TrimSuffix(orderJSON("rejected", "[]"), "}") + `, "rejection": ` + want + "}"
		on(s, getOrder, returns[*ordersv1.GetOrderRequest](&ordersv1.GetOrderResponse{Order: order}))
		s.send(t, customer, "GET", "/v1/orders/o1", nil).mustBe(t, 200, body)
		on(s, listOrders, returns[*ordersv1.ListOrdersRequest](&ordersv1.ListOrdersResponse{Orders: []*ordersv1.Order{order}}))
		s.send(t, customer, "GET", "/v1/orders", nil).mustBe(t, 200, `{"items": [`+body+`]}`)
	}
}

func TestAnOrderIsShownWhileShippingIsDown(t *testing.T) {
	t.Parallel()
	s := open(t)
	on(s, getOrder, returns[*ordersv1.GetOrderRequest](&ordersv1.GetOrderResponse{Order: placed(ordersv1.Status_STATUS_FULFILLED)}))
	s.send(t, customer, "GET", "/v1/orders/o1", nil).mustBe(t, 200, orderJSON("fulfilled", "[]"))
}

func TestAListAsksShippingOnceForAllDispatchedOrders(t *testing.T) {
	t.Parallel()
	s := open(t)
	orders := []*ordersv1.Order{
		placed(ordersv1.Status_STATUS_CONFIRMED), placed(ordersv1.Status_STATUS_FULFILLED), placed(ordersv1.Status_STATUS_DELIVERED),
	}
	for i, id := range []string{"o1", "o2", "o3"} {
		orders[i].Id = id
	}
	var asked *ordersv1.ListOrdersRequest
	on(s, listOrders, func(_ context.Context, req *ordersv1.ListOrdersRequest) (*ordersv1.ListOrdersResponse, error) {
		asked = req
		return &ordersv1.ListOrdersResponse{Orders: orders, NextCursor: "next"}, nil
	})
	on(s, listShipments, func(_ context.Context, req *shippingv1.ListShipmentsRequest) (*shippingv1.ListShipmentsResponse, error) {
		if !slices.Equal(req.GetOrderIds(), []string{"o2", "o3"}) {
			t.Errorf("shipping was asked about %v", req.GetOrderIds())
		}
		var shipments []*shippingv1.Shipment
		for _, of := range [][2]string{{"s3", "o3"}, {"s2", "o2"}, {"s4", "o3"}} {
			shipments = append(shipments, &shippingv1.Shipment{Id: of[0], OrderId: of[1], Status: shippingv1.Status_STATUS_IN_TRANSIT})
		}
		shipments = append(shipments, &shippingv1.Shipment{Id: "s5", OrderId: "o3", Status: shippingv1.Status_STATUS_BOOKED}) // not shown
		return &shippingv1.ListShipmentsResponse{Shipments: shipments}, nil
	})
	var page struct {
		Items []struct {
			ID        string
			Shipments []struct{ ID string }
		}
		NextCursor string `json:"next_cursor"`
	}
	s.send(t, customer, "GET", "/v1/orders?limit=3&cursor=here", nil).into(t, &page)
	if asked.GetLimit() != 3 || asked.GetCursor() != "here" || page.NextCursor != "next" || s.called(listShipments) != 1 {
		t.Errorf("asked %v, next %q, shipping asked %d times", asked, page.NextCursor, s.called(listShipments))
	}
	if len(page.Items) != 3 || len(page.Items[0].Shipments) != 0 || page.Items[1].Shipments[0].ID != "s2" || len(page.Items[2].Shipments) != 2 {
		t.Errorf("%+v", page.Items)
	}
}

func TestTheLastPageOfOrdersHasNoCursor(t *testing.T) {
	t.Parallel()
	s := open(t)
	on(s, listOrders, returns[*ordersv1.ListOrdersRequest](&ordersv1.ListOrdersResponse{}))
	s.send(t, customer, "GET", "/v1/orders", nil).mustBe(t, 200, `{"items": []}`)
}

func TestStaffFilterEveryonesOrders(t *testing.T) {
	t.Parallel()
	s := open(t)
	var asked *ordersv1.ListAllOrdersRequest
	on(s, ordersv1.OrdersService_ListAllOrders_FullMethodName,
		func(_ context.Context, req *ordersv1.ListAllOrdersRequest) (*ordersv1.ListAllOrdersResponse, error) {
			asked = req
			return &ordersv1.ListAllOrdersResponse{}, nil
		})
	for name, want := range map[string]ordersv1.Status{
		"pending": ordersv1.Status_STATUS_PENDING, "confirmed": ordersv1.Status_STATUS_CONFIRMED, "fulfilled": ordersv1.Status_STATUS_FULFILLED,
		"delivered": ordersv1.Status_STATUS_DELIVERED, "rejected": ordersv1.Status_STATUS_REJECTED, "cancelled": ordersv1.Status_STATUS_CANCELLED,
	} {
		s.send(t, staff, "GET", "/v1/admin/orders?customer_id=c7&limit=9&cursor=x&status="+name, nil).mustBe(t, 200, "")
		if asked.GetStatus() != want || asked.GetCustomerId() != "c7" || asked.GetLimit() != 9 || asked.GetCursor() != "x" {
			t.Errorf("%s: asked %v", name, asked)
		}
	}
	s.send(t, staff, "GET", "/v1/admin/orders", nil).mustBe(t, 200, `{"items": []}`)
	if asked.GetStatus() != ordersv1.Status_STATUS_UNSPECIFIED || asked.GetCustomerId() != "" {
		t.Errorf("asked %v", asked)
	}
	s.fail(ordersv1.OrdersService_ListAllOrders_FullMethodName, rpc.Error(codes.InvalidArgument, errorsv1.ErrorReason_ERROR_REASON_BAD_CURSOR, "no such cursor"))
	s.send(t, staff, "GET", "/v1/admin/orders?cursor=x", nil).refused(t, 400, "invalid_request")
}

func TestStaffSearchOrders(t *testing.T) {
	t.Parallel()
	s := open(t)
	var asked *ordersv1.ListAllOrdersRequest
	on(s, ordersv1.OrdersService_ListAllOrders_FullMethodName,
		func(_ context.Context, req *ordersv1.ListAllOrdersRequest) (*ordersv1.ListAllOrdersResponse, error) {
			asked = req
			order := placed(ordersv1.Status_STATUS_CANCELLED)
			order.Attention, order.Owed = []ordersv1.Attention{ordersv1.Attention_ATTENTION_REFUND_FAILED}, &moneyv1.Money{Amount: 5, Currency: "GBP"}
			return &ordersv1.ListAllOrdersResponse{Orders: []*ordersv1.Order{order}}, nil
		})
	on(s, customersv1.CustomersService_GetCustomerByEmail_FullMethodName,
		func(_ context.Context, req *customersv1.GetCustomerByEmailRequest) (*customersv1.GetCustomerByEmailResponse, error) {
			if req.GetEmail() != "ada@example.com" {
				return &customersv1.GetCustomerByEmailResponse{}, nil
			}
			return &customersv1.GetCustomerByEmailResponse{CustomerId: "c1"}, nil
		})
	var page struct {
		Items []struct {
			Attention []string
			Owed      struct{ Amount int }
		}
	}
	s.send(t, staff, "GET", "/v1/admin/orders?q=MUG&from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z&sort=oldest&attention=stuck", nil).into(t, &page)
	if asked.GetQuery() != "MUG" || asked.GetTo().AsTime().Sub(asked.GetFrom().AsTime()) != 24*time.Hour || !asked.GetOldestFirst() ||
		asked.GetAttention() != ordersv1.Attention_ATTENTION_STUCK || asked.GetAnyAttention() {
		t.Errorf("asked %v", asked)
	}
	if len(page.Items) != 1 || !slices.Equal(page.Items[0].Attention, []string{"refund_failed"}) || page.Items[0].Owed.Amount != 5 {
		t.Errorf("%+v", page)
	}
	for attention, want := range map[api.OrderAttention]ordersv1.Attention{
		"stuck": ordersv1.Attention_ATTENTION_STUCK, "authorization_expiring": ordersv1.Attention_ATTENTION_AUTHORIZATION_EXPIRING,
		"payment_unknown": ordersv1.Attention_ATTENTION_PAYMENT_UNKNOWN, "payment_differs": ordersv1.Attention_ATTENTION_PAYMENT_DIFFERS,
		"refund_failed": ordersv1.Attention_ATTENTION_REFUND_FAILED, "any": ordersv1.Attention_ATTENTION_UNSPECIFIED,
	} {
		s.send(t, staff, "GET", "/v1/admin/orders?attention="+string(attention), nil).mustBe(t, 200, "")
		if asked.GetAttention() != want || asked.GetAnyAttention() != (attention == "any") {
			t.Errorf("%s: asked %v", attention, asked)
		}
	}
	s.send(t, staff, "GET", "/v1/admin/orders?q=ada@example.com", nil).mustBe(t, 200, "")
	if asked.GetCustomerId() != "c1" || asked.GetQuery() != "" {
		t.Errorf("by e-mail: asked %v", asked)
	}
	for _, query := range []string{"q=eve@example.com", "q=ada@example.com&customer_id=c2"} {
		s.send(t, staff, "GET", "/v1/admin/orders?"+query, nil).mustBe(t, 200, `{"items": []}`)
	}
	s.send(t, staff, "GET", "/v1/admin/orders?from=yesterday", nil).refused(t, 422, "validation_failed")
}

func TestStaffCancelAnOrder(t *testing.T) {
	t.Parallel()
	s := open(t)
	on(s, ordersv1.OrdersService_CancelAnyOrder_FullMethodName,
		func(_ context.Context, req *ordersv1.CancelAnyOrderRequest) (*ordersv1.CancelAnyOrderResponse, error) {
			if req.GetId() != "o1" || req.GetReason() != "damaged" {
				t.Errorf("asked %v", req)
			}
			return &ordersv1.CancelAnyOrderResponse{Order: placed(ordersv1.Status_STATUS_CANCELLED)}, nil
		})
	const reason = `{"reason": "damaged"}`
	s.send(t, staff, "POST", "/v1/admin/orders/o1/cancellation", reason).mustBe(t, 200, orderJSON("cancelled", "[]"))
	s.send(t, customer, "POST", "/v1/admin/orders/o1/cancellation", reason).refused(t, 403, "forbidden")
	s.send(t, staff, "POST", "/v1/admin/orders/o1/cancellation", `{}`).refused(t, 422, "validation_failed")
	s.fail(ordersv1.OrdersService_CancelAnyOrder_FullMethodName, rpc.Error(codes.FailedPrecondition, ordersv1.ErrorReason_ERROR_REASON_NOT_CANCELLABLE, "it has been dispatched"))
	s.send(t, staff, "POST", "/v1/admin/orders/o1/cancellation", reason).refused(t, 409, "not_cancellable")
}

func TestAnOrderIsCancelledAndDispatched(t *testing.T) {
	t.Parallel()
	s := open(t)
	const cancelOrder, dispatchOrder = ordersv1.OrdersService_CancelOrder_FullMethodName, ordersv1.OrdersService_DispatchOrder_FullMethodName
	shipped(s, "o1")
	on(s, cancelOrder, func(_ context.Context, req *ordersv1.CancelOrderRequest) (*ordersv1.CancelOrderResponse, error) {
		if req.GetId() != "o1" {
			return nil, rpc.Error(codes.NotFound, ordersv1.ErrorReason_ERROR_REASON_ORDER_NOT_FOUND, "order not found")
		}
		return &ordersv1.CancelOrderResponse{Order: placed(ordersv1.Status_STATUS_CANCELLED)}, nil
	})
	on(s, dispatchOrder, func(_ context.Context, req *ordersv1.DispatchOrderRequest) (*ordersv1.DispatchOrderResponse, error) {
		if req.GetId() != "o1" {
			return nil, rpc.Error(codes.NotFound, ordersv1.ErrorReason_ERROR_REASON_ORDER_NOT_FOUND, "order not found")
		}
		return &ordersv1.DispatchOrderResponse{Order: placed(ordersv1.Status_STATUS_FULFILLED)}, nil
	})
	s.send(t, customer, "POST", "/v1/orders/o1/cancellation", nil).mustBe(t, 200, orderJSON("cancelled", "[]"))
	s.send(t, customer, "POST", "/v1/orders/o2/cancellation", nil).refused(t, 404, "not_found")
	s.send(t, staff, "POST", "/v1/admin/orders/o1/dispatch", nil).mustBe(t, 200, orderJSON("fulfilled", parcel))
	s.send(t, staff, "POST", "/v1/admin/orders/o2/dispatch", nil).refused(t, 404, "not_found")
	s.fail(cancelOrder, rpc.Error(codes.FailedPrecondition, ordersv1.ErrorReason_ERROR_REASON_NOT_CANCELLABLE, "it has been dispatched"))
	s.send(t, customer, "POST", "/v1/orders/o1/cancellation", nil).refused(t, 409, "not_cancellable")
	s.fail(dispatchOrder, rpc.Error(codes.FailedPrecondition, ordersv1.ErrorReason_ERROR_REASON_NOT_DISPATCHABLE, "it has been cancelled"))
	s.send(t, staff, "POST", "/v1/admin/orders/o1/dispatch", nil).refused(t, 409, "not_dispatchable")
}

// Shipping must not be asked, because a repeated request must get the same bytes.
func TestTheAnswerToADispatchIsMadeFromTheOrderAlone(t *testing.T) {
	t.Parallel()
	s := open(t)
	order := placed(ordersv1.Status_STATUS_DELIVERED)
	order.Shipment = &ordersv1.Shipment{Id: "sh1", Carrier: "Royal", TrackingNumber: "RM1"}
	at := timestamppb.New(time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC))
	for _, event := range []string{"placed", "confirmed", "dispatched", "in_transit", "delivered", "return_requested"} {
		order.Timeline = append(order.Timeline, &ordersv1.TimelineEntry{At: at, Event: event})
	}
	on(s, ordersv1.OrdersService_DispatchOrder_FullMethodName,
		returns[*ordersv1.DispatchOrderRequest](&ordersv1.DispatchOrderResponse{Order: order}))
	var body struct{ Shipments json.RawMessage }
	r := s.send(t, staff, "POST", "/v1/admin/orders/o1/dispatch", nil, "Idempotency-Key", "k")
	if r.mustBe(t, 200, ""); json.Unmarshal(r.body, &body) != nil {
		t.Fatalf("answered %s", r.body)
	}
	want := `[{"carrier":"Royal","events":[` +
		`{"at":"2026-11-01T10:00:00Z","detail":"","status":"label_created"},` +
		`{"at":"2026-11-01T10:00:00Z","detail":"","status":"in_transit"},` +
		`{"at":"2026-11-01T10:00:00Z","detail":"","status":"delivered"}],` +
		`"id":"sh1","status":"delivered","tracking_number":"RM1"}]`
	if string(body.Shipments) != want {
		t.Errorf("shipments %s\nwant      %s", body.Shipments, want)
	}
}
