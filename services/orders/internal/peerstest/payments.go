package peerstest

import (
	"errors"
	"fmt"
	"slices"

	"souk/services/orders/internal/aftersales"
	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/saga"
	"souk/services/orders/internal/settlement"
)

// The statuses of a payment, in payments and at the bank.
const (
	Pending    = "pending"
	Authorized = "authorized"
	Declined   = "declined"
	Captured   = "captured"
	Voided     = "voided"
)

// The payment methods, and what the bank makes of them. The bank's first answer to MethodTimeout is always lost.
const (
	MethodVisa     = "pm_card_visa"
	MethodDeclined = "pm_card_declined"
	MethodTimeout  = "pm_card_timeout"
)

var (
	errOutcomeUnknown = fmt.Errorf("%w: the bank's answer is unknown", saga.ErrUnavailable)
	errMismatch       = errors.New("the order has another payment")
)

// Payments is the service of that name, with the bank behind it. It writes down what it is about to ask the bank before it asks. When
// the answer is lost, its own books stay behind the bank's until it is asked again.
type Payments struct {
	Books map[string]*Payment // by order
	Bank  map[string]*Charge  // by order
	// Answers reports whether the bank's nth answer about an order arrives. Nil means that all do.
	Answers func(orderID string, nth int) bool
	// RefusesRefunds has payments refuse every refund.
	RefusesRefunds bool
	asked          map[string]int
	feed           paymentFeed
}

// Payment is what payments knows of an order.
type Payment struct {
	OrderID, Status, Method      string
	Amount                       int64
	expired                      bool
	version                      int64
	authorized, captured, voided int64 // what its ledger adds up to
	refunds                      []*refund
}

type refund struct {
	id     string
	amount int64
	status order.RefundStatus
}

// Charge is what the bank knows of an order.
type Charge struct {
	Status   string
	Amount   int64
	Holds    int // how often money was held
	expired  bool
	captured int64
	refunds  []*refund
}

// answered reports whether the bank's answer about an order arrives.
func (p *Payments) answered(orderID string) bool {
	p.asked[orderID]++
	return p.Answers == nil || p.Answers(orderID, p.asked[orderID])
}

func (p *Payments) authorize(orderID string, amount int64, method string) error {
	book := p.Books[orderID]
	if book == nil {
		book = &Payment{OrderID: orderID, Status: Pending, Method: method, Amount: amount}
		p.Books[orderID] = book
	}
	switch {
	case book.Status == Voided:
		return checkout.ErrPaymentEnded
	case book.Amount != amount || book.Method != method:
		return errMismatch
	case book.Status == Pending:
		first := p.Bank[orderID] == nil
		p.hold(orderID, amount, method)
		if !p.answered(orderID) || first && method == MethodTimeout {
			return errOutcomeUnknown
		}
		p.settle(book, p.Bank[orderID])
	}
	switch book.Status {
	case Declined:
		return &checkout.DeclinedError{Reason: "card_declined"}
	case Voided:
		return checkout.ErrPaymentEnded
	}
	return nil
}

// hold is the bank's side of an authorization: the same order again gets the same answer.
func (p *Payments) hold(orderID string, amount int64, method string) {
	if p.Bank[orderID] != nil {
		return
	}
	c := &Charge{Status: Authorized, Amount: amount, Holds: 1}
	if method == MethodDeclined {
		c.Status, c.Holds = Declined, 0
	}
	p.Bank[orderID] = c
}

// settle brings the status of a payment to the bank's.
func (p *Payments) settle(book *Payment, c *Charge) {
	if book.Status != Pending && book.Status != Authorized || c.Status == book.Status {
		return
	}
	if book.Status == Pending && c.Status != Declined {
		book.authorized += book.Amount
	}
	switch book.Status = c.Status; c.Status {
	case Captured:
		book.captured += c.captured
		book.voided += book.Amount - c.captured
	case Voided:
		book.voided += book.Amount
		book.expired = c.expired
	}
	p.changed(book)
}

// Follow brings the books of an order to the bank's, as payments does when it is told or asks.
func (p *Payments) Follow(orderID string) {
	book, c := p.Books[orderID], p.Bank[orderID]
	if book == nil || c == nil {
		return
	}
	if book.Status == Voided && c.Status == Authorized { // held after it was voided
		c.Status = Voided
	}
	p.settle(book, c)
	for _, theirs := range c.refunds {
		switch ours := find(book.refunds, theirs.id); {
		case ours == nil:
			book.refunds = append(book.refunds, &refund{theirs.id, theirs.amount, theirs.status})
		case ours.status == theirs.status:
			continue
		default:
			ours.status = theirs.status
		}
		p.changed(book)
	}
}

func (p *Payments) capture(orderID string) error {
	book := p.Books[orderID]
	switch {
	case book == nil || book.Status != Authorized && book.Status != Captured:
		return aftersales.ErrNotAuthorized
	case book.Status == Captured:
		return nil
	}
	c := p.Bank[orderID]
	if c.Status == Voided {
		p.Follow(orderID)
		return aftersales.ErrNotAuthorized
	}
	c.capture(c.Amount)
	if !p.answered(orderID) {
		return errOutcomeUnknown
	}
	p.Follow(orderID)
	return nil
}

func (p *Payments) void(orderID string) error {
	book := p.Books[orderID]
	if book == nil { // so that an authorization that comes late is refused
		book = &Payment{OrderID: orderID, Status: Voided}
		p.Books[orderID] = book
		p.changed(book)
		return nil
	}
	if book.Status == Declined || book.Method == "" {
		return nil
	}
	c := p.Bank[orderID]
	if book.Status == Captured || c != nil && c.Status == Captured {
		p.Follow(orderID)
		return settlement.ErrAlreadyCaptured
	}
	if c == nil { // the request that was to hold the money was lost
		book.Status = Voided
		p.changed(book)
		return nil
	}
	if c.Status == Authorized {
		c.Status = Voided
	}
	if !p.answered(orderID) {
		return errOutcomeUnknown
	}
	p.Follow(orderID)
	return nil
}

func (p *Payments) refund(orderID, refundID string, amount int64) error {
	book := p.Books[orderID]
	if book == nil || book.Status != Captured || p.RefusesRefunds {
		return settlement.ErrNotRefundable
	}
	r := find(book.refunds, refundID)
	if r == nil {
		if amount > book.captured-book.committed() {
			return settlement.ErrNotRefundable
		}
		r = &refund{refundID, amount, order.RefundPending}
		book.refunds = append(book.refunds, r)
	}
	if r.amount != amount || r.status == order.RefundFailed {
		return settlement.ErrNotRefundable
	}
	if r.status == order.RefundSucceeded {
		return nil
	}
	c := p.Bank[orderID]
	if find(c.refunds, refundID) == nil && !c.give(refundID, amount) {
		r.status = order.RefundFailed // somebody gave it back at the bank
		p.changed(book)
		p.Follow(orderID)
		return settlement.ErrNotRefundable
	}
	if !p.answered(orderID) {
		return errOutcomeUnknown
	}
	p.Follow(orderID)
	return nil
}

func find(refunds []*refund, id string) *refund {
	for _, r := range refunds {
		if r.id == id {
			return r
		}
	}
	return nil
}

func sum(refunds []*refund, statuses ...order.RefundStatus) (total int64) {
	for _, r := range refunds {
		if slices.Contains(statuses, r.status) {
			total += r.amount
		}
	}
	return total
}

func (p *Payment) committed() int64 {
	return sum(p.refunds, order.RefundPending, order.RefundSucceeded)
}

// Version counts the changes.
func (p *Payment) Version() int64 { return p.version }

// Open is what is held and neither captured nor voided.
func (p *Payment) Open() int64 { return p.authorized - p.captured - p.voided }

// Captured is what was captured.
func (p *Payment) Captured() int64 { return p.captured }

// Refunded is what was given back.
func (p *Payment) Refunded() int64 { return sum(p.refunds, order.RefundSucceeded) }
