package handler_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/gateway"
)

// rejectedFor returns an order that was rejected for a reason.
func rejectedFor(reason ordersv1.Rejection_Reason) *ordersv1.Order {
	order := placed(ordersv1.Status_STATUS_REJECTED)
	order.Rejection = &ordersv1.Rejection{Reason: reason}
	return order
}

// showRejection returns the rejection of an order as GET shows it.
func showRejection(t *testing.T, order *ordersv1.Order) (rejection map[string]any) {
	t.Helper()
	s := open(t)
	on(s, getOrder, returns[*ordersv1.GetOrderRequest](&ordersv1.GetOrderResponse{Order: order}))
	var shown struct{ Rejection map[string]any }
	answer := s.send(t, customer, "GET", "/v1/orders/o1", nil)
	answer.mustBe(t, 200, "")
	answer.into(t, &shown)
	return shown.Rejection
}

// The answers must differ, so that a client can tell why its checkout failed.
func TestEachReasonForARejectionHasAnAnswerOfItsOwn(t *testing.T) {
	t.Parallel()
	spec, err := openapi3.NewLoader().LoadFromData(gateway.Spec)
	if err != nil {
		t.Fatal(err)
	}
	listed := spec.Components.Schemas["RejectionReason"].Value.Enum
	names := namesOf(ordersv1.Rejection_Reason(0), "REASON_")
	if len(listed) != len(names) {
		t.Errorf("openapi.yaml lists %v, orders has %v", listed, names)
	}
	details := map[string]string{}
	for _, name := range names {
		if !slices.Contains(listed, any(name)) {
			t.Errorf("openapi.yaml does not list %s", name)
		}
		order := rejectedFor(ordersv1.Rejection_Reason(ordersv1.Rejection_Reason_value["REASON_"+strings.ToUpper(name)]))
		if shown := showRejection(t, order); shown["reason"] != name {
			t.Errorf("an order rejected for %s is shown with %v", name, shown)
		}
		s := open(t)
		answers(s, order)
		answer := s.buy(t, "req-1")
		var p struct{ Detail string }
		answer.into(t, &p)
		if answer.status >= 500 {
			t.Errorf("a checkout rejected for %s is answered with %d: %s", name, answer.status, answer.body)
		}
		if other, taken := details[p.Detail]; taken {
			t.Errorf("%s and %s have the same answer: %q", name, other, p.Detail)
		}
		details[p.Detail] = name
	}
}

// Orders may be newer than the gateway while a shop is updated.
func TestAnUnknownReasonForARejectionIsNotTakenForAnother(t *testing.T) {
	t.Parallel()
	order := rejectedFor(ordersv1.Rejection_Reason(1000))
	if shown := showRejection(t, order); shown != nil {
		t.Errorf("the order is shown with %v, want no rejection", shown)
	}
	s := open(t)
	answers(s, order)
	s.buy(t, "req-1").refused(t, 500, "internal")
}
