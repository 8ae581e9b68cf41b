package order

// MailKind is what a mail about an order tells.
type MailKind string

// The kinds of mails.
const (
	MailConfirmed      MailKind = "order_confirmed"
	MailDispatched     MailKind = "order_dispatched"
	MailDelivered      MailKind = "order_delivered"
	MailCancelled      MailKind = "order_cancelled"
	MailReturnReceived MailKind = "return_received"
	MailRefunded       MailKind = "order_refunded"
	// MailLookup has a link for a guest, who has asked for it. It tells of no event.
	MailLookup MailKind = "order_lookup"
)

// mails are the events that a customer is told of by mail.
var mails = map[Event]MailKind{
	EventConfirmed: MailConfirmed, EventDispatched: MailDispatched, EventDelivered: MailDelivered, EventCancelled: MailCancelled,
	EventReturnReceived: MailReturnReceived, EventRefunded: MailRefunded,
}

// Mail returns the kind of the mail that tells the customer of the event, or false if there is none.
func (e Event) Mail() (MailKind, bool) {
	kind, ok := mails[e]
	return kind, ok
}
