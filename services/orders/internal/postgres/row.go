package postgres

import (
	"time"

	"souk/platform/money"

	"souk/services/orders/internal/orders"
)

// orderRow is a row of orders.
type orderRow struct {
	ID              string
	Number          string
	CustomerID      string
	Status          string
	Intent          string
	Version         int64
	CreatedAt       time.Time
	Currency        string
	Subtotal        int64
	ShippingPrice   int64
	Tax             int64
	Total           int64
	LineCount       int
	ShippingAddress orders.Address
	ShippingOption  string
	ShippingCarrier string
	ShippingService string
	WeightGrams     int64
	ShipmentID      string
	ShipmentCarrier string
	TrackingNumber  string
	PaymentMethod   string
	PaymentStatus   string
	Authorized      int64
	Captured        int64
	Refunded        int64
	CartID          string
	CartCheckedOut  bool
	HoldUntil       time.Time
	Refusal         *orders.Rejection
	JobID           int64
}

// record returns the order without its lines and timeline.
func (o orderRow) record() orders.Record {
	r := orders.Record{
		Order:   o.order(),
		Version: o.Version, Intent: orders.Intent(o.Intent), Refusal: o.Refusal,
		CartID: o.CartID, CartCheckedOut: o.CartCheckedOut, PaymentMethod: o.PaymentMethod, HoldUntil: o.HoldUntil.UTC(),
		Shipment: orders.Shipment{ID: o.ShipmentID, Carrier: o.ShipmentCarrier, TrackingNumber: o.TrackingNumber},
		JobID:    o.JobID,
	}
	if r.Status == orders.StatusRejected {
		r.Rejection = r.Refusal
	}
	return r
}

func (o orderRow) order() orders.Order {
	amount := func(n int64) money.Money { return money.New(n, o.Currency) }
	return orders.Order{
		ID: o.ID, Number: o.Number, Status: orders.Status(o.Status), CustomerID: o.CustomerID, CreatedAt: o.CreatedAt.UTC(),
		Totals: orders.Totals{
			Subtotal: amount(o.Subtotal), Shipping: amount(o.ShippingPrice), Tax: amount(o.Tax), Total: amount(o.Total),
		},
		ShippingAddress: o.ShippingAddress,
		Shipping: orders.ShippingChoice{
			OptionID: o.ShippingOption, Carrier: o.ShippingCarrier, Service: o.ShippingService, WeightGrams: o.WeightGrams,
		},
		Payment: orders.Payment{
			Status:     orders.PaymentStatus(o.PaymentStatus),
			Authorized: amount(o.Authorized), Captured: amount(o.Captured), Refunded: amount(o.Refunded),
		},
	}
}

// lineRow is a row of order_lines.
type lineRow struct {
	OrderID   string
	SKU       string `db:"sku"`
	Title     string
	Quantity  int64
	UnitPrice int64
	LineTotal int64
}

func (l lineRow) line(currency string) orders.Line {
	return orders.Line{
		SKU: l.SKU, Title: l.Title, Quantity: l.Quantity,
		UnitPrice: money.New(l.UnitPrice, currency), LineTotal: money.New(l.LineTotal, currency),
	}
}

// entryRow is a row of timeline_entries.
type entryRow struct {
	OrderID string
	At      time.Time
	Event   string
	Detail  string
}

func (e entryRow) entry() orders.TimelineEntry {
	return orders.TimelineEntry{At: e.At.UTC(), Event: orders.Event(e.Event), Detail: e.Detail}
}
