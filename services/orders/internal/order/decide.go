package order

import (
	"cmp"
	"fmt"
	"slices"

	"souk/platform/audit"
)

// Confirm ends the checkout of an order whose goods are sold and whose money is authorized.
func (o *Order) Confirm() error {
	if err := o.move(confirm); err != nil {
		return err
	}
	o.assume(PaymentAuthorized)
	o.happened(now(), EventConfirmed, "authorized "+o.data.Totals.Total.String())
	o.settled = true
	return nil
}

// BeginRejection decides that a pending order is rejected. Goods and money are given back only after this decision is saved:
// otherwise somebody else who moves the same order on could still confirm it.
func (o *Order) BeginRejection(refusal Rejection) error {
	if err := o.move(beginRejection); err != nil {
		return err
	}
	o.data.Refusal = &refusal
	return nil
}

// Reject ends the checkout of an order whose goods and money were given back.
func (o *Order) Reject() error {
	if err := o.move(reject); err != nil {
		return err
	}
	o.data.Rejection = o.data.Refusal
	ended := PaymentVoided
	if o.data.Refusal.Reason == RejectedPaymentDeclined {
		ended = PaymentDeclined
	}
	o.assume(ended)
	o.happened(now(), EventRejected, o.data.Refusal.text())
	o.settled = true
	return nil
}

// EmptyCart notes that the goods were taken out of the cart.
func (o *Order) EmptyCart() {
	o.data.CartCheckedOut = true
	o.data.ChangedAt = now()
}

// BeginCancellation decides that a confirmed order is cancelled, or returns ErrNotCancellable.
func (o *Order) BeginCancellation() error {
	if err := o.move(beginCancellation); err != nil {
		return err
	}
	o.decide(audit.OrderCancellationDecided, nil)
	return nil
}

// BeginCancellationByStaff is BeginCancellation with a reason, which is shown to the customer.
func (o *Order) BeginCancellationByStaff(reason string) error {
	if err := o.BeginCancellation(); err != nil {
		return err
	}
	o.happened(now(), EventCancellationRequested, reason)
	return nil
}

// Cancel ends an order whose money and goods were given back.
func (o *Order) Cancel() error {
	if err := o.move(cancel); err != nil {
		return err
	}
	o.assume(PaymentVoided)
	o.happenedBy(o.data.DecidedBy, now(), EventCancelled, "")
	return nil
}

// BeginDispatch decides that a confirmed order is dispatched, or returns ErrNotDispatchable. Shipping books the parcel under the
// booking's id. A booking that an instance of the version before has left open is used again.
func (o *Order) BeginDispatch(bookingID string) error {
	if err := o.move(beginDispatch); err != nil {
		return err
	}
	o.data.BookingID = cmp.Or(o.data.BookingID, bookingID)
	o.data.DispatchRefusal = ""
	o.decide(audit.OrderDispatchDecided, map[string]string{"booking": o.data.BookingID})
	return nil
}

// AbandonDispatch ends the decision to dispatch an order that shipping does not take, or whose money cannot be captured any more. The
// order stays confirmed. The next decision makes a booking of its own, because shipping has ended this one.
func (o *Order) AbandonDispatch(why string) error {
	if err := o.move(abandonDispatch); err != nil {
		return err
	}
	o.decide(audit.OrderDispatchAbandoned, map[string]string{"booking": o.data.BookingID})
	o.data.BookingID, o.data.DispatchRefusal = "", why
	return nil
}

// Dispatch notes that the money was captured and that the parcel is with its carrier.
func (o *Order) Dispatch(shipment Shipment) error {
	if err := o.move(dispatch); err != nil {
		return err
	}
	o.data.Shipment = shipment
	o.assume(PaymentCaptured)
	o.happenedBy(o.data.DecidedBy, now(), EventDispatched, fmt.Sprintf("%s, tracking number %s", shipment.Carrier, shipment.TrackingNumber))
	return nil
}

// RecordMoves adds those moves of the parcel to the timeline that are not in it yet, and reports whether there were any.
// EventDelivered makes the order delivered.
func (o *Order) RecordMoves(moves []Event) (news bool, err error) {
	at := now()
	for _, event := range moves {
		if slices.ContainsFunc(o.data.Timeline, func(e TimelineEntry) bool { return e.Event == event }) {
			continue
		}
		step := recordMove
		if event == EventDelivered {
			step = deliver
		}
		if err := o.move(step); err != nil {
			return false, err
		}
		o.happened(at, event, "")
		news = true
	}
	return news, nil
}
