package order

// Task is the work that an order needs next.
type Task int

// The work that orders need.
const (
	TaskNone Task = iota
	TaskCheckOut
	TaskReject
	TaskCancel
	TaskDispatch
	TaskEmptyCart
	TaskTakeBack
	TaskRefund
)

var taskNames = map[Task]string{
	TaskNone: "none", TaskCheckOut: "check out", TaskReject: "reject", TaskCancel: "cancel", TaskDispatch: "dispatch",
	TaskEmptyCart: "empty cart", TaskTakeBack: "take back", TaskRefund: "refund",
}

// String returns the name of the task, as metrics and traces show it.
func (t Task) String() string { return taskNames[t] }

// Tasks returns all tasks but TaskNone.
func Tasks() []Task {
	return []Task{TaskCheckOut, TaskReject, TaskCancel, TaskDispatch, TaskEmptyCart, TaskTakeBack, TaskRefund}
}

// Task returns the work that the order needs next.
func (o Order) Task() Task {
	switch (state{o.data.Status, o.data.Intent}) {
	case pending:
		return TaskCheckOut
	case toBeRejected:
		return TaskReject
	case toBeCancelled:
		return TaskCancel
	case toBeDispatched:
		return TaskDispatch
	}
	if o.sold() && !o.data.CartCheckedOut {
		return TaskEmptyCart
	}
	if _, ok := o.ReceivedReturn(); ok {
		return TaskTakeBack
	}
	if _, ok := o.PendingRefund(); ok {
		return TaskRefund
	}
	return TaskNone
}

// sold reports whether the order was confirmed and not cancelled, so that its goods leave the cart.
func (o Order) sold() bool {
	return o.data.Status == StatusConfirmed || o.data.Status == StatusFulfilled || o.data.Status == StatusDelivered
}
