package handler_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"

	cartsv1 "souk/proto/gen/souk/carts/v1"
	customersv1 "souk/proto/gen/souk/customers/v1"
	errorsv1 "souk/proto/gen/souk/errors/v1"
	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/platform/access"
	"souk/platform/rpc"
)

const placeOrder = ordersv1.OrdersService_PlaceOrder_FullMethodName

// placed returns an order as orders returns it.
func placed(status ordersv1.Status) *ordersv1.Order {
	return &ordersv1.Order{
		Id: "o1", Number: "S-7K3M9QX2", Status: status, CustomerId: "customer-1",
		Lines:  []*ordersv1.Line{{Sku: "MUG-S", Title: "Mug — Small", Quantity: 2, UnitPrice: gbp(1250), LineTotal: gbp(2500)}},
		Totals: &ordersv1.Totals{Subtotal: gbp(2500), Shipping: gbp(395), Tax: gbp(0), Total: gbp(2895)},
		ShippingAddress: &ordersv1.Address{
			Name: "Sam", Line1: "1 Market Street", Line2: "Flat 2", City: "Leeds", Region: "Yorkshire", PostalCode: "LS1 6DT", Country: "GB",
		},
		Payment:  &ordersv1.Payment{Status: "authorized", Authorized: gbp(2895), Captured: gbp(0), Refunded: gbp(0)},
		Timeline: []*ordersv1.TimelineEntry{{Event: "placed", Detail: "x"}},
	}
}

// orderJSON returns that order as JSON, with this status and these shipments, and without returns and refunds.
func orderJSON(status, shipments string) string {
	return strings.TrimSuffix(placementJSON(status, shipments), "}") + `, "refunds": []}`
}

// placementJSON returns that order as in the answer to its checkout.
func placementJSON(status, shipments string) string {
	return `{"id": "o1", "number": "S-7K3M9QX2", "status": "` + status + `", "customer_id": "customer-1",
		"lines": [{"sku": "MUG-S", "title": "Mug — Small", "quantity": 2, "unit_price": {"amount": 1250, "currency": "GBP"},
			"line_total": {"amount": 2500, "currency": "GBP"}}],
		"totals": {"subtotal": {"amount": 2500, "currency": "GBP"}, "shipping": {"amount": 395, "currency": "GBP"},
			"tax": {"amount": 0, "currency": "GBP"}, "total": {"amount": 2895, "currency": "GBP"}},
		"shipping_address": {"name": "Sam", "line1": "1 Market Street", "line2": "Flat 2", "city": "Leeds", "region": "Yorkshire",
			"postal_code": "LS1 6DT", "country": "GB"},
		"payment": {"status": "authorized", "authorized": {"amount": 2895, "currency": "GBP"},
			"captured": {"amount": 0, "currency": "GBP"}, "refunded": {"amount": 0, "currency": "GBP"}},
		"shipments": ` + shipments + `, "returns": [],
		"timeline": [{"at": "1970-01-01T00:00:00Z", "event": "placed", "detail": "x"}], "created_at": "1970-01-01T00:00:00Z"}`
}

// answers makes orders return the same placement for the same key, like the real service.
func answers(s *shop, order *ordersv1.Order) {
	first := ""
	on(s, placeOrder, func(ctx context.Context, _ *ordersv1.PlaceOrderRequest) (*ordersv1.PlaceOrderResponse, error) {
		replayed := first != ""
		if !replayed {
			first = incomingRequestID(ctx)
		}
		return &ordersv1.PlaceOrderResponse{Placement: &ordersv1.Placement{Order: order, RequestId: first}, Replayed: replayed}, nil
	})
}

const checkout = `{"cart_id": "c1", "address_id": "a1", "shipping_option": "royal-standard", "payment_method": "card"}`

// buy sends a checkout.
func (s *shop) buy(t *testing.T, requestID string) reply {
	t.Helper()
	return s.send(t, customer, "POST", "/v1/orders", checkout, "Idempotency-Key", "key-1", "X-Request-Id", requestID)
}

func TestTheAnswerToACheckoutDependsOnItsOutcome(t *testing.T) {
	t.Parallel()
	rejected := func(r *ordersv1.Rejection) *ordersv1.Order {
		order := placed(ordersv1.Status_STATUS_REJECTED)
		order.Rejection = r
		return order
	}
	tests := map[string]struct {
		order    *ordersv1.Order
		status   int
		body     string
		code     string
		reason   string
		location string
	}{
		"confirmed": {order: placed(ordersv1.Status_STATUS_CONFIRMED), status: 201, body: placementJSON("confirmed", "[]"), location: "/v1/orders/o1"},
		"pending":   {order: placed(ordersv1.Status_STATUS_PENDING), status: 202, body: placementJSON("pending", "[]"), location: "/v1/orders/o1"},
		"declined": {
			order:  rejected(&ordersv1.Rejection{Reason: ordersv1.Rejection_REASON_PAYMENT_DECLINED, Detail: "insufficient_funds"}),
			status: 402, code: "payment_declined", reason: "insufficient_funds",
		},
		"expired": {
			order: rejected(&ordersv1.Rejection{Reason: ordersv1.Rejection_REASON_EXPIRED}), status: 402, code: "payment_declined", reason: "expired",
		},
		"out of stock": {
			order: rejected(&ordersv1.Rejection{Reason: ordersv1.Rejection_REASON_OUT_OF_STOCK, Shortages: []*ordersv1.Shortage{
				{Sku: "MUG-S", Requested: 2, Available: 1}, {Sku: "MUG-L", Requested: 9, Available: 0},
			}}),
			status: 409, code: "out_of_stock",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			answers(s, test.order)
			first := s.buy(t, "req-1")
			if test.code == "" {
				first.mustBe(t, test.status, test.body)
			} else {
				p := first.refused(t, test.status, test.code)
				if p.Reason != test.reason || p.OrderID != "o1" || p.RequestID != "req-1" {
					t.Errorf("problem %s", first.body)
				}
				if lines := p.Lines; test.code == "out_of_stock" &&
					(len(lines) != 2 || lines[0].SKU != "MUG-S" || lines[0].Requested != 2 || lines[0].Available != 1 || lines[1].Available != 0) {
					t.Errorf("lines %+v", lines)
				}
			}
			if got := first.header.Get("Location"); got != test.location {
				t.Errorf("Location %q", got)
			}
			if got, there := first.header["Idempotent-Replay"]; there {
				t.Errorf("the first answer has Idempotent-Replay: %v", got)
			}
			again := s.buy(t, "req-2")
			if again.status != first.status || !bytes.Equal(again.body, first.body) {
				t.Errorf("first %d %s\nagain %d %s", first.status, first.body, again.status, again.body)
			}
			for _, name := range []string{"Location", "Content-Type"} {
				if again.header.Get(name) != first.header.Get(name) {
					t.Errorf("%s: first %q, again %q", name, first.header.Get(name), again.header.Get(name))
				}
			}
			if again.header.Get("Idempotent-Replay") != "true" || again.header.Get("X-Request-Id") != "req-2" {
				t.Errorf("header %v", again.header)
			}
		})
	}
}

func TestAllFieldsOfACheckoutReachOrders(t *testing.T) {
	t.Parallel()
	s := open(t)
	var asked *ordersv1.PlaceOrderRequest
	on(s, placeOrder, func(ctx context.Context, req *ordersv1.PlaceOrderRequest) (*ordersv1.PlaceOrderResponse, error) {
		asked = req
		if caller := access.FromContext(ctx); caller.CustomerID != "customer-1" || caller.Service != "gateway" {
			t.Errorf("called by %+v", caller)
		}
		return &ordersv1.PlaceOrderResponse{Placement: &ordersv1.Placement{Order: placed(ordersv1.Status_STATUS_CONFIRMED)}}, nil
	})
	s.buy(t, "req-1").mustBe(t, 201, "")
	if asked.GetIdempotencyKey() != "key-1" || asked.GetCartId() != "c1" || asked.GetAddressId() != "a1" || asked.GetShippingAddress() != nil ||
		asked.GetShippingOption() != "royal-standard" || asked.GetPaymentMethod() != "card" || asked.GetExpectedTotal() != nil {
		t.Errorf("asked %v", asked)
	}
	s.send(t, customer, "POST", "/v1/orders", `{"cart_id": "c1", "shipping_option": "o", "payment_method": "p",
		"shipping_address": {"name": "Sam", "line1": "1", "line2": "2", "city": "Leeds", "region": "Y", "postal_code": "LS1", "country": "GB"},
		"expected_total": {"amount": 2895, "currency": "GBP"}}`, "Idempotency-Key", "key-2").mustBe(t, 201, "")
	a := asked.GetShippingAddress()
	if asked.GetAddressId() != "" || a.GetName() != "Sam" || a.GetLine1() != "1" || a.GetLine2() != "2" || a.GetCity() != "Leeds" ||
		a.GetRegion() != "Y" || a.GetPostalCode() != "LS1" || a.GetCountry() != "GB" ||
		asked.GetExpectedTotal().GetAmount() != 2895 || asked.GetExpectedTotal().GetCurrency() != "GBP" {
		t.Errorf("asked %v", asked)
	}
}

func TestACheckoutNeedsExactlyOneAddress(t *testing.T) {
	t.Parallel()
	s := open(t)
	answers(s, placed(ordersv1.Status_STATUS_CONFIRMED))
	const start = `{"cart_id": "c1", "shipping_option": "o", "payment_method": "p"`
	for _, test := range []struct{ name, rest, field string }{
		{"none", ``, "address_id"},
		{"both", `, "address_id": "a1", "shipping_address": ` + addressBody, "shipping_address"},
		{"both, the other way around", `, "shipping_address": ` + addressBody + `, "address_id": "a1"`, "shipping_address"},
	} {
		p := s.send(t, customer, "POST", "/v1/orders", start+test.rest+"}", "Idempotency-Key", "k").refused(t, 422, "validation_failed")
		if len(p.Errors) != 1 || p.Errors[0].Field != test.field {
			t.Errorf("%s: names %v, want %s", test.name, p.Errors, test.field)
		}
	}
	if s.called(placeOrder) != 0 {
		t.Error("orders was asked")
	}
	s.send(t, customer, "POST", "/v1/orders", start+`, "shipping_address": `+addressBody+"}", "Idempotency-Key", "k").mustBe(t, 201, "")
}

func TestAPriceChangeIsAnsweredWithTheNewTotals(t *testing.T) {
	t.Parallel()
	s := open(t)
	changed := func(totals *ordersv1.Totals, gone ...*ordersv1.Shortage) reply {
		s.fail(placeOrder, rpc.Error(codes.Aborted, ordersv1.ErrorReason_ERROR_REASON_PRICE_CHANGED, "what changed",
			protoadapt.MessageV1Of(&ordersv1.PriceChanged{Totals: totals, NoLongerSold: gone})))
		return s.buy(t, "req-1")
	}
	problem := func(rest string) string {
		return `{"type": "about:blank", "title": "Conflict", "status": 409, "code": "price_changed", "detail": "what changed",
			"request_id": "req-1", ` + rest + `}`
	}
	const totals = `"totals": {"subtotal": {"amount": 2500, "currency": "GBP"}, "shipping": {"amount": 395, "currency": "GBP"},
		"tax": {"amount": 0, "currency": "GBP"}, "total": {"amount": 2895, "currency": "GBP"}}`
	now := placed(ordersv1.Status_STATUS_CONFIRMED).GetTotals()
	gone := &ordersv1.Shortage{Sku: "TEAPOT", Requested: 3}
	const lines = `"lines": [{"sku": "TEAPOT", "requested": 3, "available": 0}]`
	changed(now).mustBe(t, 409, problem(totals+`, "lines": []`))
	changed(now, gone).mustBe(t, 409, problem(totals+`, `+lines))
	changed(nil, gone).mustBe(t, 409, problem(lines))
}

func TestACartThatAnotherOrderHasClaimedIsAnsweredWithThatOrder(t *testing.T) {
	t.Parallel()
	s := open(t)
	for orderID, rest := range map[string]string{"o-1": `, "order_id": "o-1"`, "": ""} {
		s.fail(placeOrder, rpc.Error(codes.FailedPrecondition, ordersv1.ErrorReason_ERROR_REASON_CART_BEING_ORDERED, "claimed",
			protoadapt.MessageV1Of(&ordersv1.CartBeingOrdered{OrderId: orderID})))
		s.buy(t, "req-1").mustBe(t, 409, `{"type": "about:blank", "title": "Conflict", "status": 409, "code": "cart_being_ordered",
			"detail": "Another order of this cart is under way.", "request_id": "req-1"`+rest+`}`)
	}
}

func TestAnUnexpectedTotalBecauseOfShortLinesIsOutOfStock(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.fail(placeOrder, rpc.Error(codes.Aborted, ordersv1.ErrorReason_ERROR_REASON_OUT_OF_STOCK, "what is short", protoadapt.MessageV1Of(&ordersv1.OutOfStock{
		Shortages: []*ordersv1.Shortage{{Sku: "TEAPOT", Requested: 3, Available: 1}},
	})))
	s.buy(t, "req-1").mustBe(t, 409, `{"type": "about:blank", "title": "Conflict", "status": 409, "code": "out_of_stock",
		"detail": "There is not enough of some lines.", "request_id": "req-1",
		"lines": [{"sku": "TEAPOT", "requested": 3, "available": 1}]}`)
}

func TestACheckoutThatSavedNothingIsAnError(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, test := range []struct {
		code   codes.Code
		reason rpc.ErrorReason
		status int
		want   string
	}{
		{codes.FailedPrecondition, ordersv1.ErrorReason_ERROR_REASON_CART_EMPTY, 409, "cart_empty"},
		{codes.NotFound, cartsv1.ErrorReason_ERROR_REASON_CART_NOT_FOUND, 404, "not_found"},
		{codes.NotFound, customersv1.ErrorReason_ERROR_REASON_ADDRESS_NOT_FOUND, 404, "not_found"},
		{codes.Aborted, ordersv1.ErrorReason_ERROR_REASON_PRICE_CHANGED, 409, "price_changed"},
		{codes.InvalidArgument, errorsv1.ErrorReason_ERROR_REASON_IDEMPOTENCY_KEY_REUSED, 422, "idempotency_key_reused"},
		{codes.Aborted, errorsv1.ErrorReason_ERROR_REASON_IDEMPOTENCY_IN_PROGRESS, 409, "idempotency_in_progress"},
	} {
		s.fail(placeOrder, rpc.Error(test.code, test.reason, "what happened"))
		r := s.buy(t, "req-1")
		if p := r.refused(t, test.status, test.want); p.RequestID != "req-1" || r.header.Get("Idempotent-Replay") != "" {
			t.Errorf("%s: %s", test.reason, r.body)
		}
	}
	s.fail(placeOrder, status.Error(codes.Unavailable, "away"))
	if r := s.buy(t, "req-1"); r.header.Get("Retry-After") == "" {
		t.Errorf("answered %d without Retry-After", r.status)
	} else {
		r.refused(t, 503, "unavailable")
	}
}

func TestAnOrdersLinesAreShownAsTheyWereSold(t *testing.T) {
	t.Parallel()
	s := open(t)
	order := placed(ordersv1.Status_STATUS_CONFIRMED)
	l := order.GetLines()[0]
	l.ProductId, l.Slug, l.Image = "p1", "mug", &ordersv1.Image{Url: "https://example.com/mug.jpg", Alt: "A mug"}
	l.Options = []*ordersv1.Option{{Name: "Size", Value: "S"}}
	bare := &ordersv1.Line{Sku: "SKU-1", Title: "One", Quantity: 1, UnitPrice: gbp(1), LineTotal: gbp(1), ProductId: "p2", Slug: "one"}
	order.Lines = append(order.Lines, bare)
	const want = `[{"sku": "MUG-S", "product_id": "p1", "slug": "mug", "title": "Mug — Small", "options": {"Size": "S"},
		"image": {"url": "https://example.com/mug.jpg", "alt": "A mug"}, "quantity": 2, "unit_price": {"amount": 1250, "currency": "GBP"},
		"line_total": {"amount": 2500, "currency": "GBP"}},
		{"sku": "SKU-1", "product_id": "p2", "slug": "one", "title": "One", "options": {}, "quantity": 1,
		"unit_price": {"amount": 1, "currency": "GBP"}, "line_total": {"amount": 1, "currency": "GBP"}}]`
	answers(s, order)
	on(s, getOrder, returns[*ordersv1.GetOrderRequest](&ordersv1.GetOrderResponse{Order: order}))
	for name, r := range map[string]reply{
		"checkout": s.buy(t, "req-1"), "replay": s.buy(t, "req-2"), "order": s.send(t, customer, "GET", "/v1/orders/o1", nil),
	} {
		var got struct{ Lines json.RawMessage }
		r.into(t, &got)
		if indented(t, got.Lines) != indented(t, []byte(want)) {
			t.Errorf("%s: lines %s", name, got.Lines)
		}
	}
}

// A key may have been answered by an earlier version of the gateway. Fields that are added to orders must not appear in this
// answer.
func TestTheAnswerToACheckoutKeepsItsBytes(t *testing.T) {
	t.Parallel()
	s := open(t)
	answers(s, placed(ordersv1.Status_STATUS_CONFIRMED))
	const want = `{"created_at":"1970-01-01T00:00:00Z","customer_id":"customer-1","id":"o1",` +
		`"lines":[{"line_total":{"amount":2500,"currency":"GBP"},"quantity":2,"sku":"MUG-S","title":"Mug — Small",` +
		`"unit_price":{"amount":1250,"currency":"GBP"}}],"number":"S-7K3M9QX2","payment":{"authorized":{"amount":2895,"currency":"GBP"},` +
		`"captured":{"amount":0,"currency":"GBP"},"refunded":{"amount":0,"currency":"GBP"},"status":"authorized"},` +
		`"returns":[],"shipments":[],"shipping_address":{"city":"Leeds","country":"GB","line1":"1 Market Street","line2":"Flat 2",` +
		`"name":"Sam","postal_code":"LS1 6DT","region":"Yorkshire"},"status":"confirmed",` +
		`"timeline":[{"at":"1970-01-01T00:00:00Z","detail":"x","event":"placed"}],` +
		`"totals":{"shipping":{"amount":395,"currency":"GBP"},"subtotal":{"amount":2500,"currency":"GBP"},` +
		`"tax":{"amount":0,"currency":"GBP"},"total":{"amount":2895,"currency":"GBP"}}}` + "\n"
	if got := string(s.buy(t, "req-1").body); got != want {
		t.Errorf("answered\n%s\nwant\n%s", got, want)
	}
}
