package handler

import (
	"context"
	"fmt"
	"net/http"

	"google.golang.org/grpc/status"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/gateway/internal/api"
	"souk/gateway/internal/edge"
	"souk/platform/access"
	"souk/platform/field"
	"souk/platform/rpc"
)

// PlaceOrder checks out a cart. The answer is made only from the placement, which orders stores, so that it has the same bytes
// whenever the same key is sent again.
func (h *Handler) PlaceOrder(ctx context.Context, req api.PlaceOrderRequestObject) (api.PlaceOrderResponseObject, error) {
	answer, err := h.place(ctx, placeOrderProto(req.Params.IdempotencyKey, *req.Body), value(req.Body.Email))
	if err != nil {
		return nil, notBought(err)
	}
	placement := answer.GetPlacement()
	h.noteSold(placement.GetOrder())
	if answer.GetReplayed() {
		rpc.MarkReplayed(ctx)
	}
	if rejection := placement.GetOrder().GetRejection(); rejection != nil {
		return nil, rejected(placement)
	}
	body := orderView(placement.GetOrder(), nil)
	if token := answer.GetAccessToken(); token != "" {
		body.AccessToken, body.AccessTokenExpiresAt = &token, new(answer.GetAccessTokenExpiresAt().AsTime())
	}
	location := "/v1/orders/" + body.Id
	if body.Status == api.OrderStatusPending {
		return api.PlaceOrder202JSONResponse{Body: body, Headers: api.PlaceOrder202ResponseHeaders{Location: location}}, nil
	}
	return api.PlaceOrder201JSONResponse{Body: body, Headers: api.PlaceOrder201ResponseHeaders{Location: location}}, nil
}

// place places the order of a customer or, without one, of a guest with an e-mail address.
func (h *Handler) place(ctx context.Context, order *ordersv1.PlaceOrderRequest, email string) (*ordersv1.PlaceGuestOrderResponse, error) {
	signedIn := access.FromContext(ctx).Authenticated()
	switch {
	case signedIn && email != "":
		return nil, edge.InvalidFields(field.Violation{Field: "email", Message: "is for those without an account"})
	case signedIn:
		answer, err := h.Orders.PlaceOrder(ctx, order)
		return &ordersv1.PlaceGuestOrderResponse{Placement: answer.GetPlacement(), Replayed: answer.GetReplayed()}, err
	case email == "":
		return nil, edge.Unauthenticated("Sign in, or send an email to order without an account.")
	default:
		return h.Orders.PlaceGuestOrder(ctx, &ordersv1.PlaceGuestOrderRequest{Order: order, Email: email})
	}
}

func placeOrderProto(key string, b api.Checkout) *ordersv1.PlaceOrderRequest {
	place := &ordersv1.PlaceOrderRequest{
		IdempotencyKey: key, CartId: b.CartId, AddressId: value(b.AddressId),
		ShippingOption: b.ShippingOption, PaymentMethod: b.PaymentMethod,
	}
	if a := b.ShippingAddress; a != nil {
		place.ShippingAddress = &ordersv1.Address{
			Name: a.Name, Line1: a.Line1, Line2: value(a.Line2), City: a.City, Region: value(a.Region),
			PostalCode: value(a.PostalCode), Country: a.Country,
		}
	}
	if b.ExpectedTotal != nil {
		place.ExpectedTotal = moneyProto(*b.ExpectedTotal)
	}
	return place
}

// notBought converts the errors of a cart that cannot be bought to problems. If the total is not the expected one, the problem
// contains the current totals or, if that is the reason, the lines with too little stock. There is also a problem for a cart that
// another order has claimed. notBought returns other errors unchanged.
func notBought(err error) error {
	for _, detail := range status.Convert(err).Details() {
		switch d := detail.(type) {
		case *ordersv1.PriceChanged:
			return priceChanged(d, status.Convert(err).Message())
		case *ordersv1.OutOfStock:
			return outOfStock(d.GetShortages())
		case *ordersv1.CartBeingOrdered:
			return cartBeingOrdered(d)
		}
	}
	return err
}

func priceChanged(changed *ordersv1.PriceChanged, detail string) *edge.Problem {
	p := edge.NewProblem(http.StatusConflict, api.ProblemCodePriceChanged, detail)
	lines := views(changed.GetNoLongerSold(), shortageView)
	p.Lines = &lines
	if t := changed.GetTotals(); t != nil {
		totals := totalsView(t)
		p.Totals = &totals
	}
	return p
}

func cartBeingOrdered(by *ordersv1.CartBeingOrdered) *edge.Problem {
	p := edge.NewProblem(http.StatusConflict, api.ProblemCodeCartBeingOrdered, "Another order of this cart is under way.")
	p.OrderId = optional(by.GetOrderId())
	return p
}

func outOfStock(shortages []*ordersv1.Shortage) *edge.Problem {
	p := edge.NewProblem(http.StatusConflict, api.ProblemCodeOutOfStock, "There is not enough of some lines.")
	lines := views(shortages, shortageView)
	p.Lines = &lines
	return p
}

func shortageView(s *ordersv1.Shortage) api.Shortage {
	return api.Shortage{Sku: s.GetSku(), Requested: s.GetRequested(), Available: s.GetAvailable()}
}

// rejected returns the problem for a checkout that led to a rejected order. For a reason that this gateway does not know, because
// orders is newer, it returns an error that the edge answers with 500.
func rejected(placement *ordersv1.Placement) error {
	rejection := placement.GetOrder().GetRejection()
	var p *edge.Problem
	switch rejection.GetReason() {
	case ordersv1.Rejection_REASON_OUT_OF_STOCK:
		p = outOfStock(rejection.GetShortages())
	case ordersv1.Rejection_REASON_PAYMENT_DECLINED:
		p = declined("The payment was declined.", declineReason(rejection.GetDetail()))
	case ordersv1.Rejection_REASON_EXPIRED:
		p = declined("The payment was not settled in time.", api.DeclineReasonExpired)
	default:
		return fmt.Errorf("order %s was rejected for an unknown reason: %s", placement.GetOrder().GetId(), rejection.GetReason())
	}
	p.RequestId = placement.GetRequestId()
	p.OrderId = optional(placement.GetOrder().GetId())
	return p
}

// declineReason returns a provider's decline reason if the contract contains it. All others become card_declined. Stripe, for
// example, asks not to tell a thief that a card is known to be stolen (https://docs.stripe.com/declines/codes).
func declineReason(given string) api.DeclineReason {
	if reason := api.DeclineReason(given); reason.Valid() {
		return reason
	}
	return api.DeclineReasonCardDeclined
}

func declined(detail string, reason api.DeclineReason) *edge.Problem {
	p := edge.NewProblem(http.StatusPaymentRequired, api.ProblemCodePaymentDeclined, detail)
	p.Reason = &reason
	return p
}
