package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"souk/e2e/shop"
	"souk/e2e/trial"
)

// step is a call of orders that its saga is made of.
type step struct {
	name    string // of the cell
	service string
	method  string
	play    *play
}

const (
	inventory = "/souk.inventory.v1.InventoryService/"
	payments  = "/souk.payments.v1.PaymentsService/"
	carts     = "/souk.carts.v1.CartsService/"
	shipping  = "/souk.shipping.v1.ShippingService/"
)

var steps = []step{
	{"checkout.Reserve", "inventory", inventory + "Reserve", &buying},
	{"checkout.Authorize", "payments", payments + "Authorize", &buying},
	{"checkout.CommitReservation", "inventory", inventory + "CommitReservation", &buying},
	{"checkout.CheckOutCart", "carts", carts + "CheckOutCart", &buying},
	{"rejection.ReleaseReservation", "inventory", inventory + "ReleaseReservation", &beingDeclined},
	{"rejection.Void", "payments", payments + "Void", &beingDeclined},
	{"cancellation.Void", "payments", payments + "Void", &callingOff},
	{"cancellation.ReleaseReservation", "inventory", inventory + "ReleaseReservation", &callingOff},
	{"dispatch.Capture", "payments", payments + "Capture", &dispatching},
	{"dispatch.CreateShipment", "shipping", shipping + "CreateShipment", &dispatching},
	{"return.ReturnStock", "inventory", inventory + "ReturnStock", &takingBack},
	{"return.Refund", "payments", payments + "Refund", &takingBack},
}

// play is what shoppers and staff do around a step.
type play struct {
	// begin brings an order to where the play begins, and returns the request that the rest of it is, and who sends it.
	begin func(context.Context, *scene) (request, *shop.Client, error)
	// ends says, for each status that the request may be answered with, what becomes of the order.
	ends map[int]func(shop.Order) bool
}

// scene is one performance of a play.
type scene struct {
	*arena
	random  *rand.Rand
	buyer   *shop.Client
	keeper  *shop.Client
	orderID string
}

func becomes(status string) func(shop.Order) bool {
	return func(o shop.Order) bool { return o.Status == status }
}

var (
	buying = play{
		begin: func(ctx context.Context, s *scene) (request, *shop.Client, error) {
			approving := []string{"pm_card_visa", "pm_card_timeout", "pm_card_flaky"}
			r, err := s.checkout(ctx, approving[s.random.IntN(len(approving))])
			return r, s.buyer, err
		},
		ends: map[int]func(shop.Order) bool{http.StatusCreated: becomes("confirmed"), http.StatusAccepted: becomes("confirmed")},
	}
	beingDeclined = play{
		begin: func(ctx context.Context, s *scene) (request, *shop.Client, error) {
			declining := []string{"pm_card_declined", "pm_card_insufficient_funds"}
			r, err := s.checkout(ctx, declining[s.random.IntN(len(declining))])
			return r, s.buyer, err
		},
		ends: map[int]func(shop.Order) bool{http.StatusPaymentRequired: becomes("rejected"), http.StatusAccepted: becomes("rejected")},
	}
	callingOff = play{
		begin: func(ctx context.Context, s *scene) (request, *shop.Client, error) {
			err := s.buy(ctx)
			return post("/v1/orders/"+s.orderID+"/cancellation", nil), s.buyer, err
		},
		ends: map[int]func(shop.Order) bool{http.StatusOK: becomes("cancelled")},
	}
	dispatching = play{
		begin: func(ctx context.Context, s *scene) (request, *shop.Client, error) {
			err := s.buy(ctx)
			return post("/v1/admin/orders/"+s.orderID+"/dispatch", nil), s.keeper, err
		},
		ends: map[int]func(shop.Order) bool{http.StatusOK: becomes("delivered")},
	}
	takingBack = play{
		begin: func(ctx context.Context, s *scene) (request, *shop.Client, error) {
			id, err := s.requestReturn(ctx)
			return post("/v1/admin/returns/"+id+"/receive", nil), s.keeper, err
		},
		ends: map[int]func(shop.Order) bool{http.StatusOK: func(o shop.Order) bool { return len(o.Returns) == 1 && o.Returns[0].Status == "refunded" }},
	}
)

// checkout fills a cart with up to six SKUs.
func (s *scene) checkout(ctx context.Context, method string) (request, error) {
	var basket []item
	for _, i := range s.random.Perm(len(skus))[:1+s.random.IntN(6)] {
		basket = append(basket, item{sku: skus[i], quantity: 1 + s.random.Int64N(5)})
	}
	return checkout(ctx, s.buyer, basket, method)
}

// buy brings an order to its confirmation.
func (s *scene) buy(ctx context.Context) error {
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
func (s *scene) requestReturn(ctx context.Context) (string, error) {
	if err := s.buy(ctx); err != nil {
		return "", err
	}
	if err := get(ctx, s.keeper, post("/v1/admin/orders/"+s.orderID+"/dispatch", nil), &shop.Order{}); err != nil {
		return "", err
	}
	return s.sendBack(ctx)
}

// sendBack waits for a parcel and asks to return some of what is in it.
func (s *scene) sendBack(ctx context.Context) (string, error) {
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

// await waits until the order is where it should get to.
func (s *scene) await(ctx context.Context, within time.Duration, there func(shop.Order) bool) error {
	return trial.Until(ctx, within, func(ctx context.Context) error {
		o, err := orderOf(ctx, s.buyer, s.orderID)
		if err == nil && !there(o) {
			err = fmt.Errorf("order %s is %s, %+v", o.ID, o.Status, o.Returns)
		}
		return err
	})
}
