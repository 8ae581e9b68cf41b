package order

import (
	"errors"
	"slices"

	"souk/platform/money"
)

// PaymentNews is the payment of an order as payments tells it.
type PaymentNews struct {
	OrderID string
	// Version grows with each change. News of a version that is not greater than the one that the order knows is old.
	Version int64
	Status  PaymentStatus
	// Amount is what was to be authorized.
	Amount   money.Money
	Captured money.Money
	Refunded money.Money
	// Expired tells that a voided payment was not captured in time.
	Expired bool
	// Attention is AttentionPaymentUnknown or AttentionPaymentDiffers, or empty.
	Attention Attention
	// Refunds are all refunds, also those that were made at the payment provider itself.
	Refunds []Refund
	// Trace is where the trace of the change goes on; see telemetry.Resume.
	Trace string
}

// reasonAtProvider is the reason of a refund that was made at the payment provider itself.
const reasonAtProvider = "refunded at the payment provider"

// FollowPayment brings the order to what payments tells of its payment. News that is old changes nothing. A confirmed order whose money
// was let go is to be cancelled, because the shopper agreed to one payment.
func (o *Order) FollowPayment(news PaymentNews) error {
	if news.Version <= o.data.PaymentVersion {
		return nil
	}
	was := o.data.Payment.Status
	o.data.PaymentVersion, o.data.PaymentAttention = news.Version, news.Attention
	o.followStatus(news)
	if err := o.followRefunds(news.Refunds); err != nil {
		return err
	}
	o.data.Payment.Captured.Amount, o.data.Payment.Refunded.Amount = news.Captured.Amount, news.Refunded.Amount
	if was == news.Status {
		return nil
	}
	switch is := (state{o.data.Status, o.data.Intent}); {
	case news.Status == PaymentVoided && is == confirmed:
		o.happened(now(), endOf(news), "")
		return o.move(beginCancellation)
	case news.Status == PaymentCaptured && is != pending && is != toBeDispatched:
		o.happened(now(), EventPaymentCaptured, news.Captured.String())
	}
	return nil
}

// AdoptPayment is FollowPayment after a database was restored. The news counts whatever its version is, because payments may have counted
// from an earlier one again.
func (o *Order) AdoptPayment(news PaymentNews) error {
	o.data.PaymentVersion = news.Version - 1
	return o.FollowPayment(news)
}

// PaidWith reports whether the payment of the order has the status.
func (o Order) PaidWith(status PaymentStatus) bool { return o.data.Payment.Status == status }

func endOf(news PaymentNews) Event {
	if news.Expired {
		return EventPaymentExpired
	}
	return EventPaymentVoided
}

func (o *Order) followStatus(news PaymentNews) {
	if news.Status == PaymentPending {
		return // the order knows no less
	}
	o.data.Payment.Status = news.Status
	if news.Status == PaymentAuthorized || news.Status == PaymentCaptured {
		o.data.Payment.Authorized.Amount = news.Amount.Amount
	}
}

// followRefunds brings the refunds of the order to what payments tells of them. One that succeeded may fail later. One that payments
// refused may have succeeded later: the request arrived a second time, and by then another refund had failed and made room for it.
func (o *Order) followRefunds(told []Refund) error {
	for _, is := range told {
		known, found := o.Refund(is.ID)
		var err error
		switch {
		case !found && is.Status == RefundSucceeded:
			o.adoptRefund(is)
		case !found || known.Status == is.Status:
		case is.Status == RefundSucceeded && known.Status == RefundPending:
			err = o.CompleteRefund(is.ID)
		case is.Status == RefundSucceeded:
			_, err = o.endRefund(is.ID, RefundSucceeded, EventRefunded, RefundFailed)
			o.payOff(is.Amount)
		case is.Status == RefundFailed:
			err = o.FailRefund(is.ID)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// adoptRefund adds a refund that was made at the payment provider itself.
func (o *Order) adoptRefund(made Refund) {
	made.Reason, made.CreatedAt = reasonAtProvider, now()
	o.data.Refunds = with(o.data.Refunds, made, Refund.id)
	o.payOff(made.Amount)
	o.happened(made.CreatedAt, EventRefunded, made.Amount.String())
}

// assume notes the status of a payment that follows from a decision, unless payments has told of that status or of a later one.
func (o *Order) assume(status PaymentStatus) {
	p := &o.data.Payment
	if !slices.Contains(comesBefore[status], p.Status) {
		return
	}
	p.Status = status
	switch status {
	case PaymentAuthorized:
		p.Authorized = o.data.Totals.Total
	case PaymentCaptured:
		p.Captured = p.Authorized
	}
}

var comesBefore = map[PaymentStatus][]PaymentStatus{
	PaymentAuthorized: {PaymentPending},
	PaymentDeclined:   {PaymentPending},
	PaymentVoided:     {PaymentPending, PaymentAuthorized},
	PaymentCaptured:   {PaymentPending, PaymentAuthorized},
}

// ErrNotCaptured is returned for money that is to be refunded and that payments has not told to be captured yet.
var ErrNotCaptured = errors.New("the money is not captured")

// RefundRest adds a refund of all money of an order that ends unsold, under an id, and reports whether there was any. It adds one refund
// only: when that fails, a person has to decide. It returns ErrNotCaptured.
func (o *Order) RefundRest(id, reason string) (added bool, err error) {
	if o.data.Payment.Status != PaymentCaptured {
		return false, ErrNotCaptured
	}
	rest := money.New(o.refundable(), o.data.Totals.Total.Currency)
	if _, exists := o.Refund(id); exists || rest.Amount <= 0 {
		return false, nil
	}
	return true, o.RequestRefund(id, rest, reason)
}

// Deciding reports whether a decision is being made about the order or carried out, so that news of its payment has to wait.
func (o Order) Deciding() bool {
	return o.data.Status == StatusPending || o.data.Intent != IntentNone
}

// PaymentVersion returns the version of the payment that the order knows, or 0.
func (o Order) PaymentVersion() int64 { return o.data.PaymentVersion }
