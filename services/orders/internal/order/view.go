package order

import (
	"slices"
	"time"

	"souk/platform/money"
)

// View is an order as its customer and staff see it. The first answer to an idempotency key is stored as its JSON, so a field can be
// added here but not renamed.
type View struct {
	ID              string          `json:"id"`
	Number          string          `json:"number"` // for people; see newNumber
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

	// These are no part of a stored answer.

	InProgress bool      `json:"-"` // whether the shop has work left for the order
	ChangedAt  time.Time `json:"-"` // when the order was last changed
	Purchases  []string  `json:"-"` // the purchases of its cart that the order has claimed: no other order can be made of them

	Attention []Attention `json:"-"` // why a person has to look at the order
	Owed      money.Money `json:"-"` // what failed refunds have left to be given back
}

// copied returns a copy that shares no list with v.
func (v View) copied() View {
	v.Lines, v.Timeline, v.Returns, v.Refunds = slices.Clone(v.Lines), slices.Clone(v.Timeline), slices.Clone(v.Returns), slices.Clone(v.Refunds)
	v.Purchases = slices.Clone(v.Purchases)
	return v
}

// Line is one SKU of an order as it was sold, at the price it was sold for.
type Line struct {
	SKU       string      `json:"sku"`
	Title     string      `json:"title"`
	Quantity  int64       `json:"quantity"`
	UnitPrice money.Money `json:"unit_price"`
	LineTotal money.Money `json:"line_total"`
	Origin
	StockRule
}

// StockRule says how the stock of a line limits its sale, as of the order.
type StockRule struct {
	// Untracked means that the stock is not counted, so that inventory knows nothing of the line.
	Untracked bool `json:"untracked,omitempty"`
	// ContinueSelling means that the line is sold although there is too little stock.
	ContinueSelling bool `json:"continue_selling,omitempty"`
}

// Origin is the product of a line, and the options of its variant. It is empty in orders that were placed before it was stored.
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

// Option is a property of a variant, such as its size.
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

// ShippingChoice is how an order is sent.
type ShippingChoice struct {
	OptionID    string `json:"option_id"`
	Carrier     string `json:"carrier"`
	Service     string `json:"service"`
	WeightGrams int64  `json:"weight_grams"`
}

// PaymentStatus is how far an order's payment is.
type PaymentStatus string

// The statuses of a payment.
const (
	PaymentPending    PaymentStatus = "pending"
	PaymentAuthorized PaymentStatus = "authorized"
	PaymentDeclined   PaymentStatus = "declined"
	PaymentCaptured   PaymentStatus = "captured"
	PaymentVoided     PaymentStatus = "voided"
)

// Payment is the money of an order, as payments last told it.
type Payment struct {
	Status     PaymentStatus `json:"status"`
	Authorized money.Money   `json:"authorized"`
	Captured   money.Money   `json:"captured"`
	Refunded   money.Money   `json:"refunded"`
}

// Event names what happened to an order.
type Event string

// The events of a timeline.
const (
	EventPlaced     Event = "placed"
	EventConfirmed  Event = "confirmed"
	EventRejected   Event = "rejected"
	EventCancelled  Event = "cancelled"
	EventDispatched Event = "dispatched"

	// The moves of the parcel.
	EventInTransit      Event = "in_transit"
	EventOutForDelivery Event = "out_for_delivery"
	EventDelivered      Event = "delivered"

	EventReturnRequested Event = "return_requested"
	EventReturnReceived  Event = "return_received"
	EventReturnRefused   Event = "return_refused"
	EventReturnWithdrawn Event = "return_withdrawn"
	EventRefunded        Event = "refunded"
	EventRefundFailed    Event = "refund_failed"

	// What happened to the payment at the payment provider itself. The first two are followed by EventCancelled.
	EventPaymentExpired  Event = "payment_expired"
	EventPaymentVoided   Event = "payment_voided"
	EventPaymentCaptured Event = "payment_captured"

	// EventCancellationRequested means that staff have decided to cancel the order. Its detail is the reason.
	EventCancellationRequested Event = "cancellation_requested"
)

// TimelineEntry is an event with its time.
type TimelineEntry struct {
	At     time.Time `json:"at"`
	Event  Event     `json:"event"`
	Detail string    `json:"detail"`
	// ActorID is the id of the customer or the member of staff who has decided this. It is empty for what the shop does by itself.
	ActorID string `json:"actor_id,omitempty"`
}

// RejectionReason is why a checkout was refused.
type RejectionReason string

// The reasons for a rejection.
const (
	RejectedOutOfStock      RejectionReason = "out_of_stock"
	RejectedPaymentDeclined RejectionReason = "payment_declined"
	// RejectedExpired means that the reservation ended before the payment was settled.
	RejectedExpired RejectionReason = "expired"
)

// Rejection is why a checkout was refused, in detail.
type Rejection struct {
	Reason    RejectionReason `json:"reason"`
	Detail    string          `json:"detail,omitempty"`    // the provider's reason for declining
	Shortages []Shortage      `json:"shortages,omitempty"` // the lines that were short
}

// text is the rejection for a timeline.
func (r Rejection) text() string {
	if r.Detail == "" {
		return string(r.Reason)
	}
	return string(r.Reason) + ": " + r.Detail
}

// Shortage is a line of which not enough was in stock, in pieces.
type Shortage struct {
	SKU       string `json:"sku"`
	Requested int64  `json:"requested"`
	Available int64  `json:"available"`
}

// StockItem is pieces of a SKU whose stock is counted.
type StockItem struct {
	Item
	// ContinueSelling means that they are sold although there are too few.
	ContinueSelling bool
}

// Item is pieces of a SKU.
type Item struct {
	SKU      string `json:"sku"`
	Quantity int64  `json:"quantity"`
}

// Shipment is a parcel at a carrier. Its zero value means that there is none yet.
type Shipment struct {
	ID             string `json:"id"`
	Carrier        string `json:"carrier"`
	TrackingNumber string `json:"tracking_number"`
}
