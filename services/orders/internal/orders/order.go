package orders

import (
	"time"

	"souk/platform/money"
)

// Order is what its customer may see of an order. Its JSON form is how the first answer to an idempotency
// key is kept, so a field may be added here but not renamed.
type Order struct {
	ID              string          `json:"id"`
	Number          string          `json:"number"` // shown to people; see newNumber
	Status          Status          `json:"status"`
	CustomerID      string          `json:"customer_id"`
	Lines           []Line          `json:"lines"`
	Totals          Totals          `json:"totals"`
	ShippingAddress Address         `json:"shipping_address"`
	Shipping        ShippingChoice  `json:"shipping"`
	Payment         Payment         `json:"payment"`
	Timeline        []TimelineEntry `json:"timeline"` // oldest first
	CreatedAt       time.Time       `json:"created_at"`
	Rejection       *Rejection      `json:"rejection,omitempty"` // set when Status is StatusRejected
	Returns         []Return        `json:"returns,omitempty"`   // oldest first
	Refunds         []Refund        `json:"refunds,omitempty"`   // oldest first, those of returns included
	Shipment        Shipment        `json:"shipment,omitzero"`   // zero until the order is dispatched
	// What follows is about the moment and no part of an answer that is kept.

	InProgress bool      `json:"-"` // whether the shop itself still has something to do about it
	ChangedAt  time.Time `json:"-"` // since when it is as it is
}

// Line is one SKU of an order as it was sold, at the price it was sold for.
type Line struct {
	SKU       string      `json:"sku"`
	Title     string      `json:"title"`
	Quantity  int64       `json:"quantity"`
	UnitPrice money.Money `json:"unit_price"`
	LineTotal money.Money `json:"line_total"`
	Origin
}

// Origin is the product of a variant, and what makes the variant. It is empty in orders that were placed before it was kept.
type Origin struct {
	ProductID string   `json:"product_id,omitempty"`
	Slug      string   `json:"slug,omitempty"`
	Image     *Image   `json:"image,omitempty"`   // nil without one
	Options   []Option `json:"options,omitempty"` // in the order the shop shows them
}

// Image is a picture of a product.
type Image struct {
	URL string `json:"url"`
	Alt string `json:"alt"`
}

// Option is what makes a variant, such as its size.
type Option struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Totals are what an order costs. Prices include tax; Tax is what is added on top of them.
type Totals struct {
	Subtotal money.Money `json:"subtotal"`
	Shipping money.Money `json:"shipping"`
	Tax      money.Money `json:"tax"`
	Total    money.Money `json:"total"`
}

// Address is where an order goes.
type Address struct {
	Name       string `json:"name"`
	Line1      string `json:"line1"`
	Line2      string `json:"line2"`
	City       string `json:"city"`
	Region     string `json:"region"`
	PostalCode string `json:"postal_code"`
	Country    string `json:"country"` // ISO 3166-1 alpha-2
}

// ShippingChoice is how an order goes there.
type ShippingChoice struct {
	OptionID    string `json:"option_id"`
	Carrier     string `json:"carrier"`
	Service     string `json:"service"`
	WeightGrams int64  `json:"weight_grams"`
}

// PaymentStatus is how far an order's payment is.
type PaymentStatus string

// What an order's payment can be.
const (
	PaymentPending    PaymentStatus = "pending"
	PaymentAuthorized PaymentStatus = "authorized"
	PaymentDeclined   PaymentStatus = "declined"
	PaymentCaptured   PaymentStatus = "captured"
	PaymentVoided     PaymentStatus = "voided"
)

// Payment is the money side of an order, as orders last learned it from payments.
type Payment struct {
	Status     PaymentStatus `json:"status"`
	Authorized money.Money   `json:"authorized"`
	Captured   money.Money   `json:"captured"`
	Refunded   money.Money   `json:"refunded"`
}

// Event names what happened to an order.
type Event string

// What can happen to an order.
const (
	EventPlaced     Event = "placed"
	EventConfirmed  Event = "confirmed"
	EventRejected   Event = "rejected"
	EventCancelled  Event = "cancelled"
	EventDispatched Event = "dispatched"

	// The moves of an order's parcel.
	EventInTransit      Event = "in_transit"
	EventOutForDelivery Event = "out_for_delivery"
	EventDelivered      Event = "delivered"

	EventReturnRequested Event = "return_requested"
	EventReturnReceived  Event = "return_received"
	EventRefunded        Event = "refunded"
	EventRefundFailed    Event = "refund_failed"
)

// TimelineEntry is one thing that happened to an order.
type TimelineEntry struct {
	At     time.Time `json:"at"`
	Event  Event     `json:"event"`
	Detail string    `json:"detail"`
}

// RejectionReason is why a checkout was refused.
type RejectionReason string

// Why a checkout can be refused.
const (
	RejectedOutOfStock      RejectionReason = "out_of_stock"
	RejectedPaymentDeclined RejectionReason = "payment_declined"
	// RejectedExpired means that the reservation ended before the payment was settled.
	RejectedExpired RejectionReason = "expired"
)

// Rejection says why a checkout was refused.
type Rejection struct {
	Reason    RejectionReason `json:"reason"`
	Detail    string          `json:"detail,omitempty"`    // the provider's reason for declining
	Shortages []Shortage      `json:"shortages,omitempty"` // the lines that were short
}

// Shortage is a line that stock did not suffice for, in pieces.
type Shortage struct {
	SKU       string `json:"sku"`
	Requested int64  `json:"requested"`
	Available int64  `json:"available"`
}
