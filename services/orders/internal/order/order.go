// Package order is responsible for the order itself: what it holds, and the decisions that can be made about it.
//
// An Order changes by its decisions alone, for example Confirm or BeginCancellation. A decision that changes the state of the order
// looks its move up in the transition table (state.go) and returns an error when the table does not allow it. A decision changes the
// order in memory; Repository.Save makes it last.
package order

import (
	"cmp"
	"slices"
	"time"

	"souk/platform/audit"
)

// Order is an order with everything that is needed to finish it. Its zero value is none.
type Order struct {
	data Snapshot
	// unsaved counts the last entries of the timeline that were added since the order was read.
	unsaved int
	// settled tells that the checkout ended since the order was read.
	settled bool
	answer  *View
	// actor is the id of who makes the decisions, if anybody does.
	actor string
	// decided are the decisions since the order was read, for the audit log.
	decided []audit.Entry
}

// Snapshot is all that is stored of an order. Only stores and tests use it.
type Snapshot struct {
	View
	// Version grows by one each time the order is saved. A change of an older version is refused.
	Version int64
	Intent  Intent
	// DecidedBy is the id of who has made the decision of the last intent.
	DecidedBy string
	// Refusal is the reason for a rejection that was decided. It becomes View.Rejection once the order is rejected.
	Refusal        *Rejection
	CartID         string
	CartCheckedOut bool
	PaymentMethod  string
	// HoldUntil is when the hold on stock ends. An order that is not paid by then is rejected.
	HoldUntil time.Time
	// BookingID is the id under which shipping books the parcel. It is empty unless the order is being dispatched, or was.
	BookingID string
	// DispatchRefusal is why the last decision to dispatch was given up. It is empty if it was not.
	DispatchRefusal string
	// Erased tells that the customer was erased from the order.
	Erased bool
	// PaymentVersion is the version of the payment that is known, or 0.
	PaymentVersion int64
	// PaymentAttention is why a person has to look at the payment.
	PaymentAttention Attention
	// GuestEmail is the e-mail address of somebody without an account. It is empty in the order of a customer.
	GuestEmail string
	// Owed is the money of failed refunds that no later refund has given back, in minor units.
	Owed int64
}

// Draft is what an order is made of.
type Draft struct {
	ID              string
	CustomerID      string
	GuestEmail      string
	Lines           []Line
	Totals          Totals
	ShippingAddress Address
	Shipping        ShippingChoice
	CartID          string
	// Purchases are the purchases that were to be made of the cart when it was read.
	Purchases     []string
	PaymentMethod string
	// Hold is how long stock is held for the order while it is not paid.
	Hold time.Duration
}

// New returns an order that is placed now, under a new number.
func New(d Draft) Order {
	at, none := now(), d.Totals.Total
	none.Amount = 0
	o := Order{data: Snapshot{
		View: View{
			ID: d.ID, Number: newNumber(), Status: StatusPending, CustomerID: d.CustomerID,
			Lines: d.Lines, Totals: d.Totals, ShippingAddress: d.ShippingAddress, Shipping: d.Shipping,
			Payment:   Payment{Status: PaymentPending, Authorized: none, Captured: none, Refunded: none},
			CreatedAt: at, Purchases: d.Purchases,
		},
		GuestEmail: d.GuestEmail, CartID: d.CartID, PaymentMethod: d.PaymentMethod, HoldUntil: at.Add(d.Hold),
	}}
	o.happened(at, EventPlaced, "")
	return o
}

// Restore returns a stored order. It shares no list with the snapshot.
func Restore(s Snapshot) Order {
	s.View = s.copied()
	if s.Status == StatusRejected {
		s.Rejection = s.Refusal
	}
	return Order{data: s}
}

// Snapshot returns what is to be stored of the order.
func (o Order) Snapshot() Snapshot {
	s := o.data
	s.View = s.copied()
	return s
}

// Unsaved returns the entries of the timeline that were added since the order was read.
func (o Order) Unsaved() []TimelineEntry {
	return slices.Clone(o.data.Timeline[len(o.data.Timeline)-o.unsaved:])
}

// Settled reports whether the checkout ended since the order was read.
func (o Order) Settled() bool { return o.settled }

// Saved returns the order as a store has saved it. The answer is the first one to the idempotency key of the order, if it was saved
// with it.
func (o Order) Saved(answer *View) Order {
	o.data.Version++
	o.unsaved, o.settled, o.actor, o.decided = 0, false, "", nil
	if answer != nil {
		o.answer = answer
	}
	return o
}

// View is the order as it is shown at this moment.
func (o Order) View() View {
	v := o.data.copied()
	v.InProgress, v.Attention, v.Owed = o.Task() != TaskNone, o.Attention(), o.Owed()
	return v
}

// Answer is the first answer to the idempotency key of the order. It is nil unless the checkout ended when the order was saved.
func (o Order) Answer() *View { return o.answer }

// ID returns the id of the order.
func (o Order) ID() string { return o.data.ID }

// CustomerID returns the id of the customer who placed the order.
func (o Order) CustomerID() string { return o.data.CustomerID }

// Version returns the version of the order as it was read.
func (o Order) Version() int64 { return o.data.Version }

// Status returns where the order is in its life.
func (o Order) Status() Status { return o.data.Status }

// Intent returns the decision that is being carried out, or IntentNone.
func (o Order) Intent() Intent { return o.data.Intent }

// Reached reports whether the order has the target as its status, or had it before.
func (o Order) Reached(target Status) bool {
	return o.data.Status == target || target == StatusFulfilled && o.data.Status == StatusDelivered
}

// CreatedAt returns when the order was placed.
func (o Order) CreatedAt() time.Time { return o.data.CreatedAt }

// HoldUntil returns when the hold on stock ends.
func (o Order) HoldUntil() time.Time { return o.data.HoldUntil }

// Totals returns what the order costs.
func (o Order) Totals() Totals { return o.data.Totals }

// PaymentMethod returns what the order is paid with.
func (o Order) PaymentMethod() string { return o.data.PaymentMethod }

// CartID returns the cart that the order was made of.
func (o Order) CartID() string { return o.data.CartID }

// Purchases returns the purchases of the cart that the order has claimed: no other order can be made of them.
func (o Order) Purchases() []string { return slices.Clone(o.data.Purchases) }

// GivesCartBack reports whether the order has ended without buying what is in its cart, so that the cart can be ordered again.
func (o Order) GivesCartBack() bool {
	return o.data.Status == StatusRejected || o.data.Status == StatusCancelled && !o.data.CartCheckedOut
}

// ShippingAddress returns where the order goes.
func (o Order) ShippingAddress() Address { return o.data.ShippingAddress }

// Shipping returns how the order is sent.
func (o Order) Shipping() ShippingChoice { return o.data.Shipping }

// BookingID returns the id under which shipping books the parcel. The version before named no bookings: the order's own id stands for
// that of a decision which it has saved.
func (o Order) BookingID() string { return cmp.Or(o.data.BookingID, o.data.ID) }

// DispatchRefusal returns why the last decision to dispatch the order was given up, or nothing.
func (o Order) DispatchRefusal() string { return o.data.DispatchRefusal }

// Timeline returns what has happened to the order, the oldest first.
func (o Order) Timeline() []TimelineEntry { return slices.Clone(o.data.Timeline) }

// Items returns the lines as pieces of SKUs.
func (o Order) Items() []Item {
	items := make([]Item, len(o.data.Lines))
	for i, line := range o.data.Lines {
		items[i] = Item{SKU: line.SKU, Quantity: line.Quantity}
	}
	return items
}

// By returns the order as it is decided about by somebody. The timeline keeps the id with what they decide, until the order is saved.
func (o Order) By(actorID string) Order {
	o.actor = actorID
	return o
}

// happened adds an entry to the timeline, by the actor of the order.
func (o *Order) happened(at time.Time, event Event, detail string) {
	o.happenedBy(o.actor, at, event, detail)
}

// happenedBy adds an entry to the timeline.
func (o *Order) happenedBy(actorID string, at time.Time, event Event, detail string) {
	o.data.Timeline = append(slices.Clone(o.data.Timeline), TimelineEntry{At: at, Event: event, Detail: detail, ActorID: actorID})
	o.data.ChangedAt = at
	o.unsaved++
}

// Decided returns the decisions that were made since the order was read, for the audit log.
func (o Order) Decided() []audit.Entry { return slices.Clone(o.decided) }

// decide adds a decision for the audit log. The detail must contain nothing that somebody has typed.
func (o *Order) decide(action audit.Action, detail map[string]string) {
	entry := audit.Entry{Action: action, Kind: audit.Order, Subject: o.ID(), Detail: detail}
	o.decided = append(slices.Clone(o.decided), entry)
}

// now is the time, as exact as PostgreSQL keeps it.
func now() time.Time {
	return time.Now().UTC().Truncate(time.Microsecond)
}
