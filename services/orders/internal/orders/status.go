package orders

import (
	"fmt"
	"slices"
)

// Status is where an order is in its life.
type Status string

// The statuses of an order.
const (
	StatusPending   Status = "pending"
	StatusConfirmed Status = "confirmed"
	StatusFulfilled Status = "fulfilled"
	StatusDelivered Status = "delivered"
	StatusRejected  Status = "rejected"
	StatusCancelled Status = "cancelled"
)

// transitions is the state machine: where an order may go from each status. A status that leads nowhere
// is an end.
var transitions = map[Status][]Status{
	StatusPending:   {StatusConfirmed, StatusRejected},
	StatusConfirmed: {StatusFulfilled, StatusCancelled},
	StatusFulfilled: {StatusDelivered},
	StatusDelivered: {},
	StatusRejected:  {},
	StatusCancelled: {},
}

// Known reports whether s is a status.
func (s Status) Known() bool {
	_, ok := transitions[s]
	return ok
}

// to returns the status next, or an error when an order may not go there from s.
func (s Status) to(next Status) (Status, error) {
	if !slices.Contains(transitions[s], next) {
		return s, fmt.Errorf("an order cannot go from %s to %s", s, next)
	}
	return next, nil
}

// Intent is a decision that was saved and is being carried out. From the moment it is saved nothing else
// may be decided about the order, whoever carries it out and however often that is interrupted.
type Intent string

// What can be decided about an order.
const (
	IntentNone Intent = ""
	// IntentReject is for pending orders: goods and money go back.
	IntentReject Intent = "reject"
	// IntentCancel and IntentDispatch are for confirmed orders.
	IntentCancel   Intent = "cancel"
	IntentDispatch Intent = "dispatch"
)
