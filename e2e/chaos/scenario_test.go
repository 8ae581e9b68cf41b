package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"souk/e2e/poll"
	"souk/e2e/shop"
)

// step is a call of orders that its saga is made of.
type step struct {
	name     string // of the cell
	service  string
	method   string
	scenario *scenario
}

const (
	inventory = "/souk.inventory.v1.InventoryService/"
	payments  = "/souk.payments.v1.PaymentsService/"
	carts     = "/souk.carts.v1.CartsService/"
	shipping  = "/souk.shipping.v1.ShippingService/"
)

var steps = []step{
	{"checkout.Reserve", "inventory", inventory + "Reserve", &approvedCheckout},
	{"checkout.Authorize", "payments", payments + "Authorize", &approvedCheckout},
	{"checkout.CommitReservation", "inventory", inventory + "CommitReservation", &approvedCheckout},
	{"checkout.CheckOutCart", "carts", carts + "CheckOutCart", &approvedCheckout},
	{"rejection.ReleaseReservation", "inventory", inventory + "ReleaseReservation", &declinedCheckout},
	{"rejection.Void", "payments", payments + "Void", &declinedCheckout},
	{"cancellation.Void", "payments", payments + "Void", &cancellation},
	{"cancellation.ReleaseReservation", "inventory", inventory + "ReleaseReservation", &cancellation},
	{"dispatch.CreateShipment", "shipping", shipping + "CreateShipment", &dispatch},
	{"dispatch.Capture", "payments", payments + "Capture", &dispatch},
	{"dispatch.HandOverShipment", "shipping", shipping + "HandOverShipment", &dispatch},
	{"return.ReturnStock", "inventory", inventory + "ReturnStock", &receivedReturn},
	{"return.Refund", "payments", payments + "Refund", &receivedReturn},
}

// scenario is what a customer and staff do so that orders makes the call of a step.
type scenario struct {
	// prepare makes all requests but the last, and returns the last one and its sender. Orders makes the call of the step for it.
	prepare func(context.Context, *session) (request, *shop.Client, error)
	// outcomes says, for each status that the last request may be answered with, what becomes of the order.
	outcomes map[int]func(shop.Order) bool
}

// session is one order, with the customer who places it and the staff who handle it.
type session struct {
	*auditedShop
	random  *rand.Rand
	buyer   *shop.Client
	staff   *shop.Client
	orderID string
}

func becomes(status string) func(shop.Order) bool {
	return func(o shop.Order) bool { return o.Status == status }
}

var (
	approvedCheckout = scenario{
		prepare: func(ctx context.Context, s *session) (request, *shop.Client, error) {
			approving := []string{"pm_card_visa", "pm_card_timeout", "pm_card_flaky"}
			r, err := s.checkout(ctx, approving[s.random.IntN(len(approving))])
			return r, s.buyer, err
		},
		outcomes: map[int]func(shop.Order) bool{http.StatusCreated: becomes("confirmed"), http.StatusAccepted: becomes("confirmed")},
	}
	declinedCheckout = scenario{
		prepare: func(ctx context.Context, s *session) (request, *shop.Client, error) {
			declining := []string{"pm_card_declined", "pm_card_insufficient_funds"}
			r, err := s.checkout(ctx, declining[s.random.IntN(len(declining))])
			return r, s.buyer, err
		},
		outcomes: map[int]func(shop.Order) bool{http.StatusPaymentRequired: becomes("rejected"), http.StatusAccepted: becomes("rejected")},
	}
	cancellation = scenario{
		prepare: func(ctx context.Context, s *session) (request, *shop.Client, error) {
			err := s.buy(ctx)
			return post("/v1/orders/"+s.orderID+"/cancellation", nil), s.buyer, err
		},
		outcomes: map[int]func(shop.Order) bool{http.StatusOK: becomes("cancelled")},
	}
	dispatch = scenario{
		prepare: func(ctx context.Context, s *session) (request, *shop.Client, error) {
			err := s.buy(ctx)
			return post("/v1/admin/orders/"+s.orderID+"/dispatch", nil), s.staff, err
		},
		outcomes: map[int]func(shop.Order) bool{http.StatusOK: becomes("delivered")},
	}
	receivedReturn = scenario{
		prepare: func(ctx context.Context, s *session) (request, *shop.Client, error) {
			id, err := s.requestReturn(ctx)
			return post("/v1/admin/returns/"+id+"/receive", nil), s.staff, err
		},
		outcomes: map[int]func(shop.Order) bool{http.StatusOK: func(o shop.Order) bool { return len(o.Returns) == 1 && o.Returns[0].Status == "refunded" }},
	}
)

// checkout fills a cart with up to six SKUs.
func (s *session) checkout(ctx context.Context, method string) (request, error) {
	var basket []item
	for _, i := range s.random.Perm(len(skus))[:1+s.random.IntN(6)] {
		basket = append(basket, item{sku: skus[i], quantity: 1 + s.random.Int64N(5)})
	}
	return checkout(ctx, s.buyer, basket, method)
}

// buy brings an order to its confirmation.
func (s *session) buy(ctx context.Context) error {
	r, err := s.checkout(ctx, "pm_card_visa")
	if err != nil {
		return err
	}
	var placed shop.Order
	if err := get(ctx, s.buyer, r, &placed); err != nil {
		return err
	}
	s.orderID = placed.ID
	return s.await(ctx, cleanWithin, becomes("confirmed"))
}

// requestReturn brings an order to its delivery and asks to return some of it.
func (s *session) requestReturn(ctx context.Context) (string, error) {
	if err := s.buy(ctx); err != nil {
		return "", err
	}
	if err := get(ctx, s.staff, post("/v1/admin/orders/"+s.orderID+"/dispatch", nil), &shop.Order{}); err != nil {
		return "", err
	}
	return s.sendBack(ctx)
}

// sendBack waits for a parcel and asks to return some of what is in it.
func (s *session) sendBack(ctx context.Context) (string, error) {
	if err := s.await(ctx, answerWithin, becomes("delivered")); err != nil {
		return "", err
	}
	var delivered shop.Order
	if err := get(ctx, s.buyer, request{method: http.MethodGet, path: "/v1/orders/" + s.orderID}, &delivered); err != nil {
		return "", err
	}
	line := delivered.Lines[s.random.IntN(len(delivered.Lines))]
	var requested struct{ ID string }
	err := get(ctx, s.buyer, post("/v1/orders/"+s.orderID+"/returns", map[string]any{
		"lines": []any{map[string]any{"sku": line.SKU, "quantity": 1 + s.random.Int64N(line.Quantity)}}, "reason": "not my color",
	}), &requested)
	return requested.ID, err
}

// await waits until the order is as expected.
func (s *session) await(ctx context.Context, within time.Duration, expected func(shop.Order) bool) error {
	return poll.Until(ctx, within, func(ctx context.Context) error {
		o, err := orderOf(ctx, s.buyer, s.orderID)
		if err == nil && !expected(o) {
			err = fmt.Errorf("order %s is %s, %+v", o.ID, o.Status, o.Returns)
		}
		return err
	})
}
