package postgres

import (
	"time"

	"souk/platform/money"

	"souk/services/orders/internal/order"
)

// orderRow is a row of orders.
type orderRow struct {
	ID               string
	Number           string
	CustomerID       string
	Status           string
	Intent           string
	DecidedBy        string
	Version          int64
	CreatedAt        time.Time
	ChangedAt        time.Time
	Currency         string
	Subtotal         int64
	ShippingPrice    int64
	Tax              int64
	Total            int64
	ShippingAddress  order.Address
	ShippingOption   string
	ShippingCarrier  string
	ShippingService  string
	WeightGrams      int64
	ShipmentID       string
	ShipmentCarrier  string
	TrackingNumber   string
	PaymentMethod    string
	PaymentStatus    string
	Authorized       int64
	Captured         int64
	Refunded         int64
	PaymentVersion   int64
	PaymentAttention string
	Owed             int64
	CartID           string
	CartCheckedOut   bool
	Purchases        []string
	HoldUntil        time.Time
	Refusal          *order.Rejection
	Lines            []lineRow
	Timeline         []entryRow
	Returns          []returnRow
	Refunds          []refundRow
	Erased           bool
	BookingID        string
	DispatchRefusal  string
	GuestEmail       string
}

// order returns the order of the row.
func (o orderRow) order() order.Order {
	r := order.Snapshot{
		View:    o.view(),
		Version: o.Version, Intent: order.Intent(o.Intent), DecidedBy: o.DecidedBy, Refusal: o.Refusal,
		CartID: o.CartID, CartCheckedOut: o.CartCheckedOut, PaymentMethod: o.PaymentMethod, HoldUntil: o.HoldUntil.UTC(),
		Erased: o.Erased, PaymentVersion: o.PaymentVersion, PaymentAttention: order.Attention(o.PaymentAttention), Owed: o.Owed,
		BookingID: o.BookingID, DispatchRefusal: o.DispatchRefusal, GuestEmail: o.GuestEmail,
	}
	r.Shipment = order.Shipment{ID: o.ShipmentID, Carrier: o.ShipmentCarrier, TrackingNumber: o.TrackingNumber}
	for _, line := range o.Lines {
		r.Lines = append(r.Lines, line.line(o.Currency))
	}
	for _, entry := range o.Timeline {
		r.Timeline = append(r.Timeline, entry.entry())
	}
	for _, goods := range o.Returns {
		r.Returns = append(r.Returns, goods.goods(o.Currency))
	}
	for _, refund := range o.Refunds {
		r.Refunds = append(r.Refunds, refund.refund(o.Currency))
	}
	return order.Restore(r)
}

func (o orderRow) view() order.View {
	amount := func(n int64) money.Money { return money.New(n, o.Currency) }
	return order.View{
		ID: o.ID, Number: o.Number, Status: order.Status(o.Status), CustomerID: o.CustomerID, CreatedAt: o.CreatedAt.UTC(), ChangedAt: o.ChangedAt.UTC(),
		Purchases: o.Purchases,
		Totals: order.Totals{
			Subtotal: amount(o.Subtotal), Shipping: amount(o.ShippingPrice), Tax: amount(o.Tax), Total: amount(o.Total),
		},
		ShippingAddress: o.ShippingAddress,
		Shipping: order.ShippingChoice{
			OptionID: o.ShippingOption, Carrier: o.ShippingCarrier, Service: o.ShippingService, WeightGrams: o.WeightGrams,
		},
		Payment: order.Payment{
			Status:     order.PaymentStatus(o.PaymentStatus),
			Authorized: amount(o.Authorized), Captured: amount(o.Captured), Refunded: amount(o.Refunded),
		},
	}
}

// lineRow is a row of order_lines.
type lineRow struct {
	SKU       string `json:"sku"`
	Title     string `json:"title"`
	Quantity  int64  `json:"quantity"`
	UnitPrice int64  `json:"unit_price"`
	LineTotal int64  `json:"line_total"`
	order.Origin
	order.StockRule
}

func (l lineRow) line(currency string) order.Line {
	return order.Line{
		SKU: l.SKU, Title: l.Title, Quantity: l.Quantity,
		UnitPrice: money.New(l.UnitPrice, currency), LineTotal: money.New(l.LineTotal, currency),
		Origin: l.Origin, StockRule: l.StockRule,
	}
}

// entryRow is a row of timeline_entries.
type entryRow struct {
	At      time.Time `json:"at"`
	Event   string    `json:"event"`
	Detail  string    `json:"detail"`
	ActorID string    `json:"actor_id"`
}

func (e entryRow) entry() order.TimelineEntry {
	return order.TimelineEntry{At: e.At.UTC(), Event: order.Event(e.Event), Detail: e.Detail, ActorID: e.ActorID}
}

// returnRow is a row of returns.
type returnRow struct {
	ID             string       `json:"id"`
	Status         string       `json:"status"`
	Lines          []order.Item `json:"lines"`
	NotRestocked   []order.Item `json:"not_restocked"`
	Reason         string       `json:"reason"`
	Amount         int64        `json:"amount"`
	RefundShipping bool         `json:"refund_shipping"`
	RefusalReason  string       `json:"refusal_reason"`
	CreatedAt      time.Time    `json:"created_at"`
}

func (t returnRow) goods(currency string) order.Return {
	return order.Return{
		ID: t.ID, Status: order.ReturnStatus(t.Status), Lines: t.Lines, NotRestocked: orNil(t.NotRestocked), Reason: t.Reason,
		Amount: money.New(t.Amount, currency), RefundShipping: t.RefundShipping, RefusalReason: t.RefusalReason, CreatedAt: t.CreatedAt.UTC(),
	}
}

// refundRow is a row of refunds.
type refundRow struct {
	ID        string       `json:"id"`
	Status    string       `json:"status"`
	Amount    int64        `json:"amount"`
	Lines     []order.Item `json:"lines"`
	Shipping  bool         `json:"shipping"`
	Reason    string       `json:"reason"`
	ReturnID  string       `json:"return_id"`
	ActorID   string       `json:"actor_id"`
	CreatedAt time.Time    `json:"created_at"`
}

func (f refundRow) refund(currency string) order.Refund {
	return order.Refund{
		ID: f.ID, Status: order.RefundStatus(f.Status), Amount: money.New(f.Amount, currency), Reason: f.Reason,
		Lines: orNil(f.Lines), Shipping: f.Shipping, ReturnID: f.ReturnID, ActorID: f.ActorID, CreatedAt: f.CreatedAt.UTC(),
	}
}

// orNil returns items, or nil if there are none.
func orNil(items []order.Item) []order.Item {
	if len(items) == 0 {
		return nil
	}
	return items
}

// orEmpty returns items, or an empty list, which the database does not take for NULL.
func orEmpty(items []order.Item) []order.Item {
	return append([]order.Item{}, items...)
}
