package handler_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	errorsv1 "souk/proto/gen/souk/errors/v1"
	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/platform/access"
	"souk/platform/rpc"
)

const (
	requestReturn = ordersv1.OrdersService_RequestReturn_FullMethodName
	receiveReturn = ordersv1.OrdersService_ReceiveReturn_FullMethodName
	refundOrder   = ordersv1.OrdersService_RefundOrder_FullMethodName
	refuseReturn  = ordersv1.OrdersService_RefuseReturn_FullMethodName
	listReturns   = ordersv1.OrdersService_ListReturns_FullMethodName
	withdraw      = ordersv1.OrdersService_WithdrawReturn_FullMethodName

	returnBody = `{"lines": [{"sku": "MUG-S", "quantity": 1}, {"sku": "MUG-L", "quantity": 2}], "reason": "They leak"}`
	refundBody = `{"amount": {"amount": 500, "currency": "GBP"}, "reason": "It came late"}`
)

func returned(status ordersv1.Return_Status) *ordersv1.Return {
	return &ordersv1.Return{
		Id: "r1", OrderId: "o1", Status: status, Reason: "They leak", Amount: gbp(4250),
		Lines: []*ordersv1.ReturnLine{{Sku: "MUG-S", Quantity: 1}, {Sku: "MUG-L", Quantity: 2}},
	}
}

func returnJSON(status string) string {
	return `{"id": "r1", "order_id": "o1", "status": "` + status + `", "reason": "They leak",
		"lines": [{"sku": "MUG-S", "quantity": 1}, {"sku": "MUG-L", "quantity": 2}],
		"amount": {"amount": 4250, "currency": "GBP"}, "created_at": "1970-01-01T00:00:00Z"}`
}

func refunded(status ordersv1.Refund_Status) *ordersv1.Refund {
	return &ordersv1.Refund{Id: "f1", OrderId: "o1", Amount: gbp(500), Reason: "It came late", Status: status}
}

func refundJSON(status string) string {
	return `{"id": "f1", "order_id": "o1", "amount": {"amount": 500, "currency": "GBP"}, "reason": "It came late",
		"status": "` + status + `", "created_at": "1970-01-01T00:00:00Z"}`
}

// invalid returns a service's error for an invalid field.
func invalid(field string) error {
	return rpc.Error(codes.InvalidArgument, errorsv1.ErrorReason_ERROR_REASON_VALIDATION_FAILED, field+" is wrong", &errdetails.BadRequest{
		FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: field, Description: "is wrong"}},
	})
}

func TestAReturnIsRequested(t *testing.T) {
	t.Parallel()
	s := open(t)
	var asked *ordersv1.RequestReturnRequest
	on(s, requestReturn, func(ctx context.Context, req *ordersv1.RequestReturnRequest) (*ordersv1.RequestReturnResponse, error) {
		asked = req
		if access.FromContext(ctx).CustomerID != "customer-1" {
			t.Errorf("called by %+v", access.FromContext(ctx))
		}
		return &ordersv1.RequestReturnResponse{Return: returned(ordersv1.Return_STATUS_REQUESTED)}, nil
	})
	s.send(t, customer, "POST", "/v1/orders/o1/returns", returnBody).mustBe(t, 201, returnJSON("requested"))
	if lines := asked.GetLines(); asked.GetOrderId() != "o1" || asked.GetReason() != "They leak" || len(lines) != 2 ||
		lines[0].GetSku() != "MUG-S" || lines[0].GetQuantity() != 1 || lines[1].GetSku() != "MUG-L" || lines[1].GetQuantity() != 2 {
		t.Errorf("asked %v", asked)
	}
	s.fail(requestReturn, rpc.Error(codes.FailedPrecondition, ordersv1.ErrorReason_ERROR_REASON_NOT_RETURNABLE, "it was not delivered"))
	s.send(t, customer, "POST", "/v1/orders/o1/returns", returnBody).refused(t, 409, "not_returnable")
	s.fail(requestReturn, rpc.Error(codes.NotFound, ordersv1.ErrorReason_ERROR_REASON_ORDER_NOT_FOUND, "order not found"))
	s.send(t, customer, "POST", "/v1/orders/o1/returns", returnBody).refused(t, 404, "not_found")
	s.fail(requestReturn, invalid("lines[1].sku"))
	p := s.send(t, customer, "POST", "/v1/orders/o1/returns", returnBody).refused(t, 422, "validation_failed")
	if len(p.Errors) != 1 || p.Errors[0].Field != "lines[1].sku" {
		t.Errorf("names %v", p.Errors)
	}
}

func TestStaffReceiveReturns(t *testing.T) {
	t.Parallel()
	s := open(t)
	for status, want := range map[ordersv1.Return_Status]string{
		ordersv1.Return_STATUS_RECEIVED: "received", ordersv1.Return_STATUS_REFUNDED: "refunded",
	} {
		on(s, receiveReturn, func(_ context.Context, req *ordersv1.ReceiveReturnRequest) (*ordersv1.ReceiveReturnResponse, error) {
			if req.GetReturnId() != "r1" {
				return nil, rpc.Error(codes.NotFound, ordersv1.ErrorReason_ERROR_REASON_RETURN_NOT_FOUND, "return not found")
			}
			return &ordersv1.ReceiveReturnResponse{Return: returned(status)}, nil
		})
		s.send(t, staff, "POST", "/v1/admin/returns/r1/receive", nil).mustBe(t, 200, returnJSON(want))
		s.send(t, staff, "POST", "/v1/admin/returns/r2/receive", nil).refused(t, 404, "not_found")
	}
	s.send(t, customer, "POST", "/v1/admin/returns/r1/receive", nil).refused(t, 403, "forbidden")
}

func TestStaffRefundOrders(t *testing.T) {
	t.Parallel()
	for status, want := range map[ordersv1.Refund_Status]string{
		ordersv1.Refund_STATUS_PENDING: "pending", ordersv1.Refund_STATUS_SUCCEEDED: "succeeded", ordersv1.Refund_STATUS_FAILED: "failed",
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			var asked *ordersv1.RefundOrderRequest
			on(s, refundOrder, func(_ context.Context, req *ordersv1.RefundOrderRequest) (*ordersv1.RefundOrderResponse, error) {
				replayed := asked != nil
				asked = req
				return &ordersv1.RefundOrderResponse{Refund: refunded(status), Replayed: replayed}, nil
			})
			refund := func() reply {
				return s.send(t, staff, "POST", "/v1/admin/orders/o1/refunds", refundBody, "Idempotency-Key", "key-1")
			}
			first := refund()
			first.mustBe(t, 201, refundJSON(want))
			if asked.GetIdempotencyKey() != "key-1" || asked.GetOrderId() != "o1" || asked.GetReason() != "It came late" ||
				asked.GetAmount().GetAmount() != 500 || asked.GetAmount().GetCurrency() != "GBP" {
				t.Errorf("asked %v", asked)
			}
			again := refund()
			if again.status != 201 || !bytes.Equal(again.body, first.body) {
				t.Errorf("first %s\nagain %d %s", first.body, again.status, again.body)
			}
			if first.header.Get("Idempotent-Replay") != "" || again.header.Get("Idempotent-Replay") != "true" {
				t.Errorf("Idempotent-Replay: first %q, again %q", first.header.Get("Idempotent-Replay"), again.header.Get("Idempotent-Replay"))
			}
		})
	}
}

func TestARefundThatSavedNothingIsAnError(t *testing.T) {
	t.Parallel()
	s := open(t)
	refund := func(headers ...string) reply {
		return s.send(t, staff, "POST", "/v1/admin/orders/o1/refunds", refundBody, headers...)
	}
	refund().refused(t, 400, "idempotency_key_missing")
	for _, test := range []struct {
		err    error
		status int
		want   string
	}{
		{rpc.Error(codes.NotFound, ordersv1.ErrorReason_ERROR_REASON_ORDER_NOT_FOUND, "order not found"), 404, "not_found"},
		{rpc.Error(codes.InvalidArgument, errorsv1.ErrorReason_ERROR_REASON_IDEMPOTENCY_KEY_REUSED, "another body"), 422, "idempotency_key_reused"},
		{rpc.Error(codes.Aborted, errorsv1.ErrorReason_ERROR_REASON_IDEMPOTENCY_IN_PROGRESS, "still running"), 409, "idempotency_in_progress"},
		{invalid("amount"), 422, "validation_failed"},
	} {
		s.fail(refundOrder, test.err)
		p := refund("Idempotency-Key", "key-1").refused(t, test.status, test.want)
		if test.want == "validation_failed" && (len(p.Errors) != 1 || p.Errors[0].Field != "amount") {
			t.Errorf("names %v", p.Errors)
		}
	}
}

func TestAnOrderIsShownWithItsReturnsAndRefunds(t *testing.T) {
	t.Parallel()
	s := open(t)
	order := placed(ordersv1.Status_STATUS_CONFIRMED)
	order.Returns = []*ordersv1.Return{returned(ordersv1.Return_STATUS_REFUNDED)}
	order.Refunds = []*ordersv1.Refund{refunded(ordersv1.Refund_STATUS_SUCCEEDED)}
	order.Refunds[0].ReturnId = "r1"
	on(s, getOrder, returns[*ordersv1.GetOrderRequest](&ordersv1.GetOrderResponse{Order: order}))
	shown := s.send(t, customer, "GET", "/v1/orders/o1", nil)
	refund := strings.TrimSuffix(refundJSON("succeeded"), "}") + `, "return_id": "r1"}`
	want := strings.NewReplacer(`"returns": []`, `"returns": [`+returnJSON("refunded")+`]`, `"refunds": []`, `"refunds": [`+refund+`]`)
	shown.mustBe(t, 200, want.Replace(orderJSON("confirmed", "[]")))
}

func TestAReceiptReachesOrders(t *testing.T) {
	t.Parallel()
	s := open(t)
	var asked *ordersv1.ReceiveReturnRequest
	on(s, receiveReturn, func(_ context.Context, req *ordersv1.ReceiveReturnRequest) (*ordersv1.ReceiveReturnResponse, error) {
		asked = req
		return &ordersv1.ReceiveReturnResponse{Return: returned(ordersv1.Return_STATUS_REFUNDED)}, nil
	})
	for body, want := range map[string]*ordersv1.ReceiveReturnRequest{
		``:                          {ReturnId: "r1"},
		`{}`:                        {ReturnId: "r1"},
		`{"refund_shipping": true}`: {ReturnId: "r1", RefundShipping: true},
		`{"lines": [{"sku": "A", "quantity": 1}, {"sku": "A", "quantity": 2, "restock": false}, {"sku": "B", "quantity": 3, "restock": true}]}`: {
			ReturnId: "r1", Lines: []*ordersv1.ReceivedLine{
				{Sku: "A", Quantity: 1, Restock: true}, {Sku: "A", Quantity: 2}, {Sku: "B", Quantity: 3, Restock: true},
			},
		},
	} {
		s.send(t, staff, "POST", "/v1/admin/returns/r1/receive", body).mustBe(t, 200, returnJSON("refunded"))
		if !proto.Equal(asked, want) {
			t.Errorf("%s: asked %v, want %v", body, asked, want)
		}
	}
	p := s.send(t, staff, "POST", "/v1/admin/returns/r1/receive", `{"lines": []}`).refused(t, 422, "validation_failed")
	if len(p.Errors) != 1 || p.Errors[0].Field != "lines" {
		t.Errorf("no lines: %v", p.Errors)
	}
}

func TestStaffRefuseReturns(t *testing.T) {
	t.Parallel()
	s := open(t)
	goods := returned(ordersv1.Return_STATUS_REFUSED)
	goods.RefusalReason, goods.OrderNumber, goods.CustomerId, goods.RefundShipping = "It was worn", "S-1", "customer-1", new(bool)
	on(s, refuseReturn, func(_ context.Context, req *ordersv1.RefuseReturnRequest) (*ordersv1.RefuseReturnResponse, error) {
		if req.GetReturnId() != "r1" || req.GetReason() != "It was worn" {
			t.Errorf("asked %v", req)
		}
		return &ordersv1.RefuseReturnResponse{Return: goods}, nil
	})
	want := strings.TrimSuffix(returnJSON("refused"), "}") +
		`, "refusal_reason": "It was worn", "order_number": "S-1", "customer_id": "customer-1", "refund_shipping": false}`
	refuse := func(who as, body string) reply { return s.send(t, who, "POST", "/v1/admin/returns/r1/refusal", body) }
	refuse(staff, `{"reason": "It was worn"}`).mustBe(t, 200, want)
	refuse(staff, `{}`).refused(t, 422, "validation_failed")
	refuse(customer, `{"reason": "It was worn"}`).refused(t, 403, "forbidden")
	s.fail(refuseReturn, rpc.Error(codes.FailedPrecondition, ordersv1.ErrorReason_ERROR_REASON_NOT_RETURNABLE, "it is refunded"))
	if p := refuse(staff, `{"reason": "It was worn"}`).refused(t, 409, "not_returnable"); !strings.Contains(p.Detail, "refunded") {
		t.Errorf("detail %q", p.Detail)
	}
}

func TestACustomerWithdrawsAReturn(t *testing.T) {
	t.Parallel()
	s := open(t)
	on(s, withdraw, func(_ context.Context, req *ordersv1.WithdrawReturnRequest) (*ordersv1.WithdrawReturnResponse, error) {
		if req.GetOrderId() != "o1" || req.GetReturnId() != "r1" {
			return nil, rpc.Error(codes.NotFound, ordersv1.ErrorReason_ERROR_REASON_RETURN_NOT_FOUND, "return not found")
		}
		return &ordersv1.WithdrawReturnResponse{Return: returned(ordersv1.Return_STATUS_WITHDRAWN)}, nil
	})
	s.send(t, customer, "DELETE", "/v1/orders/o1/returns/r1", nil).mustBe(t, 200, returnJSON("withdrawn"))
	s.send(t, customer, "DELETE", "/v1/orders/o1/returns/r2", nil).refused(t, 404, "not_found")
}

func TestStaffListReturns(t *testing.T) {
	t.Parallel()
	s := open(t)
	on(s, listReturns, func(_ context.Context, req *ordersv1.ListReturnsRequest) (*ordersv1.ListReturnsResponse, error) {
		if req.GetStatus() != ordersv1.Return_STATUS_REQUESTED || req.GetLimit() != 2 || req.GetCursor() != "here" {
			t.Errorf("asked %v", req)
		}
		return &ordersv1.ListReturnsResponse{Returns: []*ordersv1.Return{returned(ordersv1.Return_STATUS_REQUESTED)}, NextCursor: "there"}, nil
	})
	s.send(t, staff, "GET", "/v1/admin/returns?status=requested&limit=2&cursor=here", nil).
		mustBe(t, 200, `{"items": [`+returnJSON("requested")+`], "next_cursor": "there"}`)
	s.send(t, staff, "GET", "/v1/admin/returns?status=lost", nil).refused(t, 422, "validation_failed")
	s.send(t, customer, "GET", "/v1/admin/returns", nil).refused(t, 403, "forbidden")
}

func TestARefundOfLinesNamesThem(t *testing.T) {
	t.Parallel()
	s := open(t)
	var asked *ordersv1.RefundOrderRequest
	on(s, refundOrder, func(_ context.Context, req *ordersv1.RefundOrderRequest) (*ordersv1.RefundOrderResponse, error) {
		asked = req
		refund := refunded(ordersv1.Refund_STATUS_SUCCEEDED)
		refund.Lines, refund.Shipping = req.GetLines(), req.GetShipping()
		return &ordersv1.RefundOrderResponse{Refund: refund}, nil
	})
	for shipping, body := range map[bool]string{
		true:  `{"lines": [{"sku": "A", "quantity": 2}], "shipping": true, "reason": "It broke"}`,
		false: `{"lines": [{"sku": "A", "quantity": 2}], "reason": "It broke"}`,
	} {
		want := strings.TrimSuffix(refundJSON("succeeded"), "}") + fmt.Sprintf(`, "lines": [{"sku": "A", "quantity": 2}], "shipping": %t}`, shipping)
		s.send(t, staff, "POST", "/v1/admin/orders/o1/refunds", body, "Idempotency-Key", "key-1").mustBe(t, 201, want)
		if asked.Amount != nil || asked.GetShipping() != shipping || len(asked.GetLines()) != 1 || asked.GetLines()[0].GetQuantity() != 2 {
			t.Errorf("asked %v", asked)
		}
	}
}

func TestTheTimelineShowsActorsWhereOrdersTellsThem(t *testing.T) {
	t.Parallel()
	s := open(t)
	order := placed(ordersv1.Status_STATUS_CONFIRMED)
	order.Timeline = []*ordersv1.TimelineEntry{{Event: "dispatched", ActorId: "staff-1"}, {Event: "delivered"}}
	on(s, getOrder, returns[*ordersv1.GetOrderRequest](&ordersv1.GetOrderResponse{Order: order}))
	body := string(s.send(t, staff, "GET", "/v1/orders/o1", nil).body)
	if strings.Count(body, `"actor_id"`) != 1 || !strings.Contains(body, `"actor_id":"staff-1"`) {
		t.Errorf("answered %s, want one actor", body)
	}
}
