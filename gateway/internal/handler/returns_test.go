package handler_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"

	errorsv1 "souk/proto/gen/souk/errors/v1"
	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/platform/access"
	"souk/platform/rpc"
)

const (
	requestReturn = ordersv1.OrdersService_RequestReturn_FullMethodName
	receiveReturn = ordersv1.OrdersService_ReceiveReturn_FullMethodName
	refundOrder   = ordersv1.OrdersService_RefundOrder_FullMethodName

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
