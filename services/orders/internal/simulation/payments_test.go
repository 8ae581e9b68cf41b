package simulation

import (
	"errors"
	"fmt"

	"souk/services/orders/internal/aftersales"
	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/saga"
)

// What becomes of a payment, in payments and at the bank.
const (
	pending    = "pending"
	authorized = "authorized"
	declined   = "declined"
	captured   = "captured"
	voided     = "voided"
)

// The payment methods: what the bank makes of them. The bank's first answer to methodTimeout is always lost.
const (
	methodVisa     = "pm_card_visa"
	methodDeclined = "pm_card_declined"
	methodTimeout  = "pm_card_timeout"
)

var (
	errOutcomeUnknown  = fmt.Errorf("%w: the bank's answer is unknown", saga.ErrUnavailable)
	errAlreadyCaptured = errors.New("the money is captured already")
	errMismatch        = errors.New("the order has another payment")
)

// payments is the service of that name, with the bank behind it. It writes down what it is about to ask the bank
// before it does; when the answer is lost, its own books stay behind the bank's until it is asked again.
type payments struct {
	answers func(orderID string, nth int) bool // whether the bank's nth answer about an order arrives
	asked   map[string]int
	books   map[string]*payment
	bank    map[string]*charge
}

// payment is what payments knows of an order.
type payment struct {
	status, method               string
	amount                       int64
	authorized, captured, voided int64 // what its ledger adds up to
	refunds                      map[string]*refund
}

type refund struct {
	amount int64
	done   bool
}

// charge is what the bank knows of an order.
type charge struct {
	status  string
	amount  int64
	holds   int // how often money was held
	refunds map[string]int64
}

func newPayments(answers func(orderID string, nth int) bool) *payments {
	return &payments{answers: answers, asked: map[string]int{}, books: map[string]*payment{}, bank: map[string]*charge{}}
}

// answered reports whether the bank's answer about an order arrives.
func (p *payments) answered(orderID string) bool {
	p.asked[orderID]++
	return p.answers(orderID, p.asked[orderID])
}

func (p *payments) authorize(orderID string, amount int64, method string) error {
	book := p.books[orderID]
	if book == nil {
		book = &payment{status: pending, method: method, amount: amount, refunds: map[string]*refund{}}
		p.books[orderID] = book
	}
	switch {
	case book.status == voided:
		return checkout.ErrPaymentEnded
	case book.amount != amount || book.method != method:
		return errMismatch
	case book.status == pending:
		first := p.bank[orderID] == nil
		answer := p.hold(orderID, amount, method)
		if !p.answered(orderID) || first && method == methodTimeout {
			return errOutcomeUnknown
		}
		if book.status = answer; answer == authorized {
			book.authorized += amount
		}
	}
	if book.status == declined {
		return &checkout.DeclinedError{Reason: "card_declined"}
	}
	return nil
}

// hold is the bank's side of an authorization: the same order again gets the same answer.
func (p *payments) hold(orderID string, amount int64, method string) string {
	c := p.bank[orderID]
	if c == nil {
		c = &charge{status: authorized, amount: amount, holds: 1, refunds: map[string]int64{}}
		if method == methodDeclined {
			c.status, c.holds = declined, 0
		}
		p.bank[orderID] = c
	}
	return c.status
}

func (p *payments) capture(orderID string) error {
	book := p.books[orderID]
	switch {
	case book == nil || book.status != authorized && book.status != captured:
		return aftersales.ErrNotAuthorized
	case book.status == captured:
		return nil
	}
	c := p.bank[orderID]
	if c.status == voided {
		return aftersales.ErrNotAuthorized
	}
	c.status = captured
	if !p.answered(orderID) {
		return errOutcomeUnknown
	}
	book.status = captured
	book.captured += book.amount
	return nil
}

func (p *payments) void(orderID string) error {
	book := p.books[orderID]
	if book == nil { // what comes late finds this
		p.books[orderID] = &payment{status: voided}
		return nil
	}
	switch {
	case book.status == captured:
		return errAlreadyCaptured
	case book.status == declined || book.method == "":
		return nil
	}
	if c := p.bank[orderID]; c != nil {
		if c.status == captured {
			return errAlreadyCaptured
		}
		if c.status == authorized {
			c.status = voided
		}
	}
	if !p.answered(orderID) {
		return errOutcomeUnknown
	}
	if book.status == authorized {
		book.voided += book.amount
	}
	book.status = voided
	return nil
}

func (p *payments) refund(orderID, refundID string, amount int64) error {
	book := p.books[orderID]
	if book == nil || book.status != captured {
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
	p.bank[orderID].refunds[refundID] = amount
	if !r.done && !p.answered(orderID) {
		return errOutcomeUnknown
	}
	r.done = true
	return nil
}

// refunded is what was given back of a payment.
func (p *payment) refunded() int64 {
	var sum int64
	for _, r := range p.refunds {
		if r.done {
			sum += r.amount
		}
	}
	return sum
}

// open is what is held and neither captured nor voided.
func (p *payment) open() int64 {
	return p.authorized - p.captured - p.voided
}
