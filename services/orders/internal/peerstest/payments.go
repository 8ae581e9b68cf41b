package peerstest

import (
	"errors"
	"fmt"

	"souk/services/orders/internal/aftersales"
	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/saga"
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
	errOutcomeUnknown  = fmt.Errorf("%w: the bank's answer is unknown", saga.ErrUnavailable)
	errAlreadyCaptured = errors.New("the money is captured already")
	errMismatch        = errors.New("the order has another payment")
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
}

// Payment is what payments knows of an order.
type Payment struct {
	Status, Method               string
	Amount                       int64
	authorized, captured, voided int64 // what its ledger adds up to
	refunds                      map[string]*refund
}

type refund struct {
	amount int64
	done   bool
}

// Charge is what the bank knows of an order.
type Charge struct {
	Status  string
	Amount  int64
	Holds   int // how often money was held
	refunds map[string]int64
}

// answered reports whether the bank's answer about an order arrives.
func (p *Payments) answered(orderID string) bool {
	p.asked[orderID]++
	return p.Answers == nil || p.Answers(orderID, p.asked[orderID])
}

func (p *Payments) authorize(orderID string, amount int64, method string) error {
	book := p.Books[orderID]
	if book == nil {
		book = &Payment{Status: Pending, Method: method, Amount: amount, refunds: map[string]*refund{}}
		p.Books[orderID] = book
	}
	switch {
	case book.Status == Voided:
		return checkout.ErrPaymentEnded
	case book.Amount != amount || book.Method != method:
		return errMismatch
	case book.Status == Pending:
		first := p.Bank[orderID] == nil
		answer := p.hold(orderID, amount, method)
		if !p.answered(orderID) || first && method == MethodTimeout {
			return errOutcomeUnknown
		}
		if book.Status = answer; answer == Authorized {
			book.authorized += amount
		}
	}
	if book.Status == Declined {
		return &checkout.DeclinedError{Reason: "card_declined"}
	}
	return nil
}

// hold is the bank's side of an authorization: the same order again gets the same answer.
func (p *Payments) hold(orderID string, amount int64, method string) string {
	c := p.Bank[orderID]
	if c == nil {
		c = &Charge{Status: Authorized, Amount: amount, Holds: 1, refunds: map[string]int64{}}
		if method == MethodDeclined {
			c.Status, c.Holds = Declined, 0
		}
		p.Bank[orderID] = c
	}
	return c.Status
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
		return aftersales.ErrNotAuthorized
	}
	c.Status = Captured
	if !p.answered(orderID) {
		return errOutcomeUnknown
	}
	book.Status = Captured
	book.captured += book.Amount
	return nil
}

func (p *Payments) void(orderID string) error {
	book := p.Books[orderID]
	if book == nil { // so that an authorization that comes late is refused
		p.Books[orderID] = &Payment{Status: Voided}
		return nil
	}
	switch {
	case book.Status == Captured:
		return errAlreadyCaptured
	case book.Status == Declined || book.Method == "":
		return nil
	}
	if c := p.Bank[orderID]; c != nil {
		if c.Status == Captured {
			return errAlreadyCaptured
		}
		if c.Status == Authorized {
			c.Status = Voided
		}
	}
	if !p.answered(orderID) {
		return errOutcomeUnknown
	}
	if book.Status == Authorized {
		book.voided += book.Amount
	}
	book.Status = Voided
	return nil
}

func (p *Payments) refund(orderID, refundID string, amount int64) error {
	book := p.Books[orderID]
	if book == nil || book.Status != Captured || p.RefusesRefunds {
		return aftersales.ErrNotRefundable
	}
	r := book.refunds[refundID]
	if r == nil {
		left := book.captured
		for _, other := range book.refunds {
			left -= other.amount
		}
		if amount > left {
			return aftersales.ErrNotRefundable
		}
		r = &refund{amount: amount}
		book.refunds[refundID] = r
	}
	if r.amount != amount {
		return aftersales.ErrNotRefundable
	}
	p.Bank[orderID].refunds[refundID] = amount
	if !r.done && !p.answered(orderID) {
		return errOutcomeUnknown
	}
	r.done = true
	return nil
}

// Open is what is held and neither captured nor voided.
func (p *Payment) Open() int64 { return p.authorized - p.captured - p.voided }

// Captured is what was captured.
func (p *Payment) Captured() int64 { return p.captured }

// Refunded is what was given back.
func (p *Payment) Refunded() int64 {
	var sum int64
	for _, r := range p.refunds {
		if r.done {
			sum += r.amount
		}
	}
	return sum
}

// Open is what the bank holds.
func (c *Charge) Open() int64 {
	if c.Status == Authorized {
		return c.Amount
	}
	return 0
}

// Captured is what the bank has taken.
func (c *Charge) Captured() int64 {
	if c.Status == Captured {
		return c.Amount
	}
	return 0
}

// Refunded is what the bank has given back.
func (c *Charge) Refunded() int64 {
	var sum int64
	for _, amount := range c.refunds {
		sum += amount
	}
	return sum
}
