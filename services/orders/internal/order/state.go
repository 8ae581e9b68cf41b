package order

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

var statuses = []Status{StatusPending, StatusConfirmed, StatusFulfilled, StatusDelivered, StatusRejected, StatusCancelled}

// Known reports whether s is a status.
func (s Status) Known() bool { return slices.Contains(statuses, s) }

// Intent is a decision that was saved and is being carried out. From the moment it is saved nothing else can be decided about the
// order, whoever carries it out and however often that is interrupted.
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

// state is what a decision depends on and changes.
type state struct {
	status Status
	intent Intent
}

var (
	pending        = state{StatusPending, IntentNone}
	toBeRejected   = state{StatusPending, IntentReject}
	rejected       = state{StatusRejected, IntentNone}
	confirmed      = state{StatusConfirmed, IntentNone}
	toBeCancelled  = state{StatusConfirmed, IntentCancel}
	cancelled      = state{StatusCancelled, IntentNone}
	toBeDispatched = state{StatusConfirmed, IntentDispatch}
	fulfilled      = state{StatusFulfilled, IntentNone}
	delivered      = state{StatusDelivered, IntentNone}
)

// decision is a move of the state machine. Each is made by the method of Order that has its name. There are two exceptions: RecordMoves
// makes recordMove and deliver, and FollowPayment may also make beginCancellation.
type decision int

const (
	confirm decision = iota
	beginRejection
	reject
	beginCancellation
	cancel
	beginDispatch
	abandonDispatch
	dispatch
	recordMove
	deliver
	requestReturn
)

// transition is the move of a decision: from one state to another. In any other state the decision is refused with an error.
type transition struct {
	from, to state
	refused  error
}

// transitions is the state machine of an order. Nothing else moves an order from one state to another.
var transitions = map[decision]transition{
	confirm:           {pending, confirmed, ErrWrongState},
	beginRejection:    {pending, toBeRejected, ErrWrongState},
	reject:            {toBeRejected, rejected, ErrWrongState},
	beginCancellation: {confirmed, toBeCancelled, ErrNotCancellable},
	cancel:            {toBeCancelled, cancelled, ErrWrongState},
	beginDispatch:     {confirmed, toBeDispatched, ErrNotDispatchable},
	abandonDispatch:   {toBeDispatched, confirmed, ErrWrongState},
	dispatch:          {toBeDispatched, fulfilled, ErrWrongState},
	recordMove:        {fulfilled, fulfilled, ErrWrongState},
	deliver:           {fulfilled, delivered, ErrWrongState},
	requestReturn:     {delivered, delivered, ErrNotReturnable},
}

// move makes the move of a decision, or returns why it is refused.
func (o *Order) move(d decision) error {
	t := transitions[d]
	if is := (state{o.data.Status, o.data.Intent}); is != t.from {
		return fmt.Errorf("%w: it is %s", t.refused, is.status)
	}
	o.data.Status, o.data.Intent, o.data.ChangedAt = t.to.status, t.to.intent, now()
	if t.to.intent != IntentNone {
		o.data.DecidedBy = o.actor
	}
	return nil
}
