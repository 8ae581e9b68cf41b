package grpcapi

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	moneyv1 "souk/proto/gen/souk/money/v1"
	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/platform/money"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
)

var statusOf = map[ordersv1.Status]order.Status{
	ordersv1.Status_STATUS_PENDING:   order.StatusPending,
	ordersv1.Status_STATUS_CONFIRMED: order.StatusConfirmed,
	ordersv1.Status_STATUS_FULFILLED: order.StatusFulfilled,
	ordersv1.Status_STATUS_DELIVERED: order.StatusDelivered,
	ordersv1.Status_STATUS_REJECTED:  order.StatusRejected,
	ordersv1.Status_STATUS_CANCELLED: order.StatusCancelled,
}

var statusProto = inverse(statusOf)

// inverse returns a map from the values of a map to its keys.
func inverse[K, V comparable](m map[K]V) map[V]K {
	out := make(map[V]K, len(m))
	for key, value := range m {
		out[value] = key
	}
	return out
}

var reasonProto = map[order.RejectionReason]ordersv1.Rejection_Reason{
	order.RejectedOutOfStock:      ordersv1.Rejection_REASON_OUT_OF_STOCK,
	order.RejectedPaymentDeclined: ordersv1.Rejection_REASON_PAYMENT_DECLINED,
	order.RejectedExpired:         ordersv1.Rejection_REASON_EXPIRED,
}

// all converts each element of a list.
func all[From, To any](list []From, convert func(From) To) []To {
	out := make([]To, len(list))
	for i, element := range list {
		out[i] = convert(element)
	}
	return out
}

func orderProto(o order.View) *ordersv1.Order {
	out := &ordersv1.Order{
		Id: o.ID, Number: o.Number, Status: statusProto[o.Status], CustomerId: o.CustomerID,
		Totals:          totalsProto(o.Totals),
		ShippingAddress: addressProto(o.ShippingAddress),
		Shipping: &ordersv1.ShippingChoice{
			OptionId: o.Shipping.OptionID, Carrier: o.Shipping.Carrier, Service: o.Shipping.Service,
			WeightGrams: o.Shipping.WeightGrams,
		},
		Payment: &ordersv1.Payment{
			Status: string(o.Payment.Status), Authorized: moneyProto(o.Payment.Authorized),
			Captured: moneyProto(o.Payment.Captured), Refunded: moneyProto(o.Payment.Refunded),
		},
		CreatedAt: timestamppb.New(o.CreatedAt),
		Rejection: rejectionProto(o.Rejection),

		InProgress: o.InProgress, PurchaseIds: o.Purchases,
	}
	if !o.ChangedAt.IsZero() {
		out.ChangedAt = timestamppb.New(o.ChangedAt)
	}
	for _, l := range o.Lines {
		out.Lines = append(out.Lines, lineProto(l))
	}
	for _, e := range o.Timeline {
		out.Timeline = append(out.Timeline, entryProto(e))
	}
	for _, t := range o.ReturnViews() {
		out.Returns = append(out.Returns, returnProto(t))
	}
	if o.Shipment != (order.Shipment{}) {
		out.Shipment = &ordersv1.Shipment{Id: o.Shipment.ID, Carrier: o.Shipment.Carrier, TrackingNumber: o.Shipment.TrackingNumber}
	}
	for _, f := range o.Refunds {
		out.Refunds = append(out.Refunds, refundProto(o.ID, f))
	}
	return out
}

func lineProto(l order.Line) *ordersv1.Line {
	out := &ordersv1.Line{
		Sku: l.SKU, Title: l.Title, Quantity: l.Quantity, UnitPrice: moneyProto(l.UnitPrice), LineTotal: moneyProto(l.LineTotal),
		ProductId: l.ProductID, Slug: l.Slug, Untracked: l.Untracked,
	}
	if l.Image != nil {
		out.Image = &ordersv1.Image{Url: l.Image.URL, Alt: l.Image.Alt}
	}
	for _, o := range l.Options {
		out.Options = append(out.Options, &ordersv1.Option{Name: o.Name, Value: o.Value})
	}
	return out
}

func entryProto(e order.TimelineEntry) *ordersv1.TimelineEntry {
	return &ordersv1.TimelineEntry{At: timestamppb.New(e.At), Event: string(e.Event), Detail: e.Detail}
}

func rejectionProto(r *order.Rejection) *ordersv1.Rejection {
	if r == nil {
		return nil
	}
	return &ordersv1.Rejection{Reason: reasonProto[r.Reason], Detail: r.Detail, Shortages: shortagesProto(r.Shortages)}
}

func shortagesProto(shortages []order.Shortage) []*ordersv1.Shortage {
	out := make([]*ordersv1.Shortage, len(shortages))
	for i, s := range shortages {
		out[i] = &ordersv1.Shortage{Sku: s.SKU, Requested: s.Requested, Available: s.Available}
	}
	return out
}

func priceChangedProto(e *checkout.PriceChangedError) *ordersv1.PriceChanged {
	out := &ordersv1.PriceChanged{NoLongerSold: shortagesProto(e.NoLongerSold)}
	if e.Totals != nil {
		out.Totals = totalsProto(*e.Totals)
	}
	return out
}

func totalsProto(t order.Totals) *ordersv1.Totals {
	return &ordersv1.Totals{
		Subtotal: moneyProto(t.Subtotal), Shipping: moneyProto(t.Shipping), Tax: moneyProto(t.Tax), Total: moneyProto(t.Total),
	}
}

func addressProto(a order.Address) *ordersv1.Address {
	return &ordersv1.Address{
		Name: a.Name, Line1: a.Line1, Line2: a.Line2, City: a.City,
		Region: a.Region, PostalCode: a.PostalCode, Country: a.Country,
	}
}

func addressOf(a *ordersv1.Address) order.Address {
	return order.Address{
		Name: a.GetName(), Line1: a.GetLine1(), Line2: a.GetLine2(), City: a.GetCity(),
		Region: a.GetRegion(), PostalCode: a.GetPostalCode(), Country: a.GetCountry(),
	}
}

func moneyProto(m money.Money) *moneyv1.Money {
	return &moneyv1.Money{Amount: m.Amount, Currency: m.Currency}
}

func moneyOf(m *moneyv1.Money) money.Money {
	return money.New(m.GetAmount(), m.GetCurrency())
}
