package handler

import (
	"context"
	"strings"

	ordersv1 "souk/proto/gen/souk/orders/v1"
	shippingv1 "souk/proto/gen/souk/shipping/v1"

	"souk/gateway/internal/api"
	"souk/gateway/internal/degraded"
)

// orderViews combines orders with parcels from shipping.
func (h *Handler) orderViews(ctx context.Context, orders []*ordersv1.Order) []api.Order {
	parcels := h.shipments(ctx, orders)
	return views(orders, func(o *ordersv1.Order) api.Order {
		return wholeOrderView(o, parcels[o.GetId()])
	})
}

// wholeOrderView returns an order as all answers show it, except the answer to a checkout.
func wholeOrderView(o *ordersv1.Order, parcels []*shippingv1.Shipment) api.Order {
	view, refunds := orderView(o, parcels), views(o.GetRefunds(), refundView)
	view.Refunds, view.Rejection = &refunds, rejectionView(o.GetRejection())
	view.Attention = attentionView(o.GetAttention())
	if o.GetOwed().GetAmount() > 0 {
		owed := moneyView(o.GetOwed())
		view.Owed = &owed
	}
	return view
}

func (h *Handler) composedOrder(ctx context.Context, order *ordersv1.Order) api.Order {
	return h.orderViews(ctx, []*ordersv1.Order{order})[0]
}

// shipments is parcels without an error if shipping fails, because an order without its parcels is still useful.
func (h *Handler) shipments(ctx context.Context, orders []*ordersv1.Order) map[string][]*shippingv1.Shipment {
	byOrder, err := h.parcels(ctx, orders)
	if err != nil {
		degraded.Shipments.Report(ctx, h.logger, err)
	}
	return byOrder
}

// parcels returns the parcels of dispatched orders that the carrier has.
func (h *Handler) parcels(ctx context.Context, orders []*ordersv1.Order) (map[string][]*shippingv1.Shipment, error) {
	byOrder := map[string][]*shippingv1.Shipment{}
	var dispatched []string
	for _, o := range orders {
		if s := o.GetStatus(); s == ordersv1.Status_STATUS_FULFILLED || s == ordersv1.Status_STATUS_DELIVERED {
			dispatched = append(dispatched, o.GetId())
		}
	}
	if len(dispatched) == 0 {
		return byOrder, nil
	}
	answer, err := h.Shipping.ListShipments(ctx, &shippingv1.ListShipmentsRequest{OrderIds: dispatched})
	if err != nil {
		return nil, err
	}
	for _, s := range answer.GetShipments() {
		if s.GetStatus() == shippingv1.Status_STATUS_BOOKED {
			continue
		}
		byOrder[s.GetOrderId()] = append(byOrder[s.GetOrderId()], s)
	}
	return byOrder, nil
}

// dispatchedOrder returns an order with its parcel as orders knows it. An earlier version of orders does not send the parcel,
// so shipping is asked then.
func (h *Handler) dispatchedOrder(ctx context.Context, o *ordersv1.Order) api.Order {
	if o.GetShipment() == nil {
		return h.composedOrder(ctx, o)
	}
	view := wholeOrderView(o, nil)
	view.Shipments = []api.Shipment{parcelView(o)}
	return view
}

// parcelStatus maps events of a timeline to the status of the order's parcel.
var parcelStatus = map[api.TimelineEvent]api.ShipmentStatus{
	api.TimelineEventDispatched:     api.ShipmentStatusLabelCreated,
	api.TimelineEventInTransit:      api.ShipmentStatusInTransit,
	api.TimelineEventOutForDelivery: api.ShipmentStatusOutForDelivery,
	api.TimelineEventDelivered:      api.ShipmentStatusDelivered,
}

// parcelView returns the order's parcel according to its timeline.
func parcelView(o *ordersv1.Order) api.Shipment {
	parcel := api.Shipment{
		Id: o.GetShipment().GetId(), Carrier: o.GetShipment().GetCarrier(), TrackingNumber: o.GetShipment().GetTrackingNumber(),
		Status: api.ShipmentStatusLabelCreated, Events: []api.ShipmentEvent{},
	}
	for _, entry := range o.GetTimeline() {
		if status, ok := parcelStatus[api.TimelineEvent(entry.GetEvent())]; ok {
			parcel.Status = status
			parcel.Events = append(parcel.Events, api.ShipmentEvent{At: entry.GetAt().AsTime(), Status: status})
		}
	}
	return parcel
}

// orderView returns the part of an order in the answer to a checkout. Do not add fields to it: repeated requests with an
// idempotency key must get the same bytes as before.
func orderView(o *ordersv1.Order, parcels []*shippingv1.Shipment) api.Order {
	payment := o.GetPayment()
	return api.Order{
		Id: o.GetId(), Number: o.GetNumber(), Status: statusView(o.GetStatus()),
		CustomerId: o.GetCustomerId(), Lines: views(o.GetLines(), orderLineView),
		Totals:          totalsView(o.GetTotals()),
		ShippingAddress: orderAddressView(o.GetShippingAddress()),
		Payment: api.OrderPayment{
			Status: api.OrderPaymentStatus(payment.GetStatus()), Authorized: moneyView(payment.GetAuthorized()),
			Captured: moneyView(payment.GetCaptured()), Refunded: moneyView(payment.GetRefunded()),
		},
		Shipments: views(parcels, shipmentView),
		Returns:   views(o.GetReturns(), returnView),
		Timeline:  views(o.GetTimeline(), timelineView),
		CreatedAt: o.GetCreatedAt().AsTime(),
	}
}

func totalsView(t *ordersv1.Totals) api.Totals {
	return api.Totals{
		Subtotal: moneyView(t.GetSubtotal()), Shipping: moneyView(t.GetShipping()), Tax: moneyView(t.GetTax()), Total: moneyView(t.GetTotal()),
	}
}

// rejectionView returns the reason of a rejection, as in the answer to the checkout. It returns nil if the order was not rejected, or if
// this gateway does not know the reason, because orders is newer.
func rejectionView(r *ordersv1.Rejection) *api.Rejection {
	if r == nil {
		return nil
	}
	switch r.GetReason() {
	case ordersv1.Rejection_REASON_OUT_OF_STOCK:
		lines := views(r.GetShortages(), shortageView)
		return &api.Rejection{Reason: api.RejectionReasonOutOfStock, Lines: &lines}
	case ordersv1.Rejection_REASON_PAYMENT_DECLINED:
		reason := declineReason(r.GetDetail())
		return &api.Rejection{Reason: api.RejectionReasonPaymentDeclined, DeclineReason: &reason}
	case ordersv1.Rejection_REASON_EXPIRED:
		return &api.Rejection{Reason: api.RejectionReasonExpired}
	default:
		return nil
	}
}

func timelineView(t *ordersv1.TimelineEntry) api.TimelineEntry {
	return api.TimelineEntry{
		At: t.GetAt().AsTime(), Event: api.TimelineEvent(t.GetEvent()), Detail: t.GetDetail(), ActorId: optional(t.GetActorId()),
	}
}

// orderLineView omits product data that was not saved with the order, so that orders from before it was saved keep their bytes.
func orderLineView(l *ordersv1.Line) api.OrderLine {
	view := api.OrderLine{
		Sku: l.GetSku(), Title: l.GetTitle(), Quantity: l.GetQuantity(),
		UnitPrice: moneyView(l.GetUnitPrice()), LineTotal: moneyView(l.GetLineTotal()),
	}
	if l.GetProductId() != "" {
		options := optionsView(l.GetOptions())
		view.ProductId, view.Slug = optional(l.GetProductId()), optional(l.GetSlug())
		view.Image, view.Options = lineImageView(l.GetImage()), &options
	}
	return view
}

func orderAddressView(a *ordersv1.Address) api.OrderAddress {
	return api.OrderAddress{
		Name: a.GetName(), Line1: a.GetLine1(), Line2: a.GetLine2(), City: a.GetCity(),
		Region: a.GetRegion(), PostalCode: a.GetPostalCode(), Country: a.GetCountry(),
	}
}

func shipmentView(s *shippingv1.Shipment) api.Shipment {
	return api.Shipment{
		Id: s.GetId(), Carrier: s.GetCarrier(), TrackingNumber: s.GetTrackingNumber(),
		Status: api.ShipmentStatus(enumName(s.GetStatus())),
		Events: views(s.GetEvents(), func(e *shippingv1.Event) api.ShipmentEvent {
			return api.ShipmentEvent{
				At: e.GetAt().AsTime(), Status: api.ShipmentStatus(enumName(e.GetStatus())), Detail: e.GetDetail(),
			}
		}),
	}
}

// enumName converts STATUS_IN_TRANSIT to in_transit.
func enumName(status interface{ String() string }) string {
	return strings.ToLower(strings.TrimPrefix(status.String(), "STATUS_"))
}

func statusView(s ordersv1.Status) api.OrderStatus {
	return api.OrderStatus(enumName(s))
}

func statusProto(s api.OrderStatus) ordersv1.Status {
	return ordersv1.Status(ordersv1.Status_value["STATUS_"+strings.ToUpper(string(s))])
}
