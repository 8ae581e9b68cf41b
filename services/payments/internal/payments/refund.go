package payments

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"souk/platform/field"
	"souk/platform/identifier"
	"souk/platform/money"
	"souk/platform/security"
)

var (
	// ErrNotCaptured is returned if no money was captured that could be refunded.
	ErrNotCaptured = errors.New("nothing is captured")
	// ErrRefundTooLarge is returned if a refund exceeds the remaining captured money.
	ErrRefundTooLarge = errors.New("less is left of what was captured")
	// ErrRefundMismatch is returned if the ID belongs to a different refund.
	ErrRefundMismatch = errors.New("the id stands for another refund")
	// ErrRefundFailed is returned for a refund that the provider has finally refused.
	ErrRefundFailed = errors.New("the provider has refused the refund")
)

// RefundStatus is the status of a refund.
type RefundStatus string

// A refund starts as pending. A succeeded refund becomes failed if the bank returns the money.
const (
	RefundPending   RefundStatus = "pending"
	RefundSucceeded RefundStatus = "succeeded"
	RefundFailed    RefundStatus = "failed"
)

var nextRefund = map[RefundStatus][]RefundStatus{
	RefundPending:   {RefundSucceeded, RefundFailed},
	RefundSucceeded: {RefundFailed},
}

// CanBecome reports whether a refund may change from s to status.
func (s RefundStatus) CanBecome(status RefundStatus) bool {
	return slices.Contains(nextRefund[s], status)
}

// Refund is a refund of a payment.
type Refund struct {
	ID        string
	PaymentID string
	// Reference is the shop's name for the refund at the provider.
	Reference  string
	ProviderID string
	Status     RefundStatus
	Amount     money.Money
	// Reason is the provider's code for why the refund failed, if it tells.
	Reason    string
	CreatedAt time.Time
	// Asked is who asked for the refund, while the provider has not answered; nil afterwards.
	Asked *Asked
	// AskAt is when the provider expects to know more; zero if it cannot tell.
	AskAt time.Time
}

// CheckRefund returns ErrNotCaptured or ErrRefundTooLarge unless amount can be refunded. committed is the sum of the finished
// and pending refunds, in minor units.
func (p Payment) CheckRefund(amount money.Money, committed int64) error {
	switch {
	case p.Status != Captured:
		return ErrNotCaptured
	case amount.Currency != p.Amount.Currency:
		return field.Invalid("currency", "is not the payment's")
	case amount.Amount > p.CapturedAmount().Amount-committed:
		return ErrRefundTooLarge
	default:
		return nil
	}
}

// Refund refunds captured money of an order. Repeating it with the same ID has no effect. The refund is stored before the
// provider is asked, so that it already counts against the remaining money.
func (s *Service) Refund(ctx context.Context, orderID, refundID string, amount money.Money) (Payment, error) {
	return s.refund(ctx, orderID, refundID, amount, true)
}

// RefundRestored is Refund after the database was restored from a time before, as AuthorizeRestored is Authorize.
func (s *Service) RefundRestored(ctx context.Context, orderID, refundID string, amount money.Money) (Payment, error) {
	return s.refund(ctx, orderID, refundID, amount, false)
}

// refund refunds money. trusted means that the provider does not know a refund that is new here.
func (s *Service) refund(ctx context.Context, orderID, refundID string, amount money.Money, trusted bool) (Payment, error) {
	refundID, err := checkRefund(refundID, amount)
	if err != nil {
		return Payment{}, err
	}
	orderID, ok := identifier.Canonical(orderID)
	if !ok {
		return Payment{}, ErrNotFound
	}
	p, r, added, err := s.beginRefund(ctx, orderID, Refund{
		ID: refundID, Reference: "souk-refund-" + refundID, Status: RefundPending, Amount: amount,
	})
	switch {
	case err != nil:
		return Payment{}, err
	case r.PaymentID != p.ID || r.Amount != amount:
		return Payment{}, ErrRefundMismatch
	case r.Status == RefundPending:
		answer, err := s.askRefund(ctx, p, r, added && trusted)
		if err != nil {
			return Payment{}, fmt.Errorf("refund: %w", err)
		}
		if p, r, err = s.recordRefund(ctx, p, r, answer); err != nil {
			return Payment{}, err
		}
		if r.Status == RefundFailed {
			s.followRefusal(ctx, p)
		} else {
			security.Log(ctx, security.RefundMade, p.OrderID, slog.String("refund", r.ID), slog.String("amount", amount.String()))
		}
	}
	if r.Status == RefundFailed {
		return Payment{}, ErrRefundFailed
	}
	return p, nil
}

// beginRefund stores a refund. If our books say that the payment is not captured, somebody may have captured it in the provider's
// dashboard. So the provider is asked before the refund is refused.
func (s *Service) beginRefund(ctx context.Context, orderID string, r Refund) (Payment, Refund, bool, error) {
	p, stored, added, err := s.store.BeginRefund(ctx, orderID, r, askFirst(Pending))
	if !errors.Is(err, ErrNotCaptured) || p.Status != Authorized && p.Status != Pending {
		return p, stored, added, err
	}
	if _, err := s.refresh(ctx, p); err != nil {
		return p, r, false, err
	}
	return s.store.BeginRefund(ctx, orderID, r, askFirst(Pending))
}

// followRefusal updates our books after the provider has refused a void or a refund, because somebody may have captured or refunded
// the payment in the provider's dashboard. It returns no error: the caller answers with the refusal, and Follow tries again.
func (s *Service) followRefusal(ctx context.Context, p Payment) {
	if _, err := s.refresh(ctx, p); err != nil {
		s.logger.WarnContext(ctx, "the payment was not compared with the provider; it is tried again", "order_id", p.OrderID, "error", err)
	}
}

// askRefund gets the provider's answer for a pending refund. If it is not fresh, it may have been requested before, so it is looked
// up first.
func (s *Service) askRefund(ctx context.Context, p Payment, r Refund, fresh bool) (Refund, error) {
	if !fresh {
		theirs, err := retry(ctx, s.logger, func() ([]Refund, error) { return s.provider.Refunds(ctx, p) })
		if err != nil {
			return Refund{}, err
		}
		if answer, ok := withReference(theirs, r.Reference); ok {
			return answer, nil
		}
	}
	return retry(ctx, s.logger, func() (Refund, error) { return s.provider.Refund(ctx, p, r) })
}

func withReference(refunds []Refund, reference string) (Refund, bool) {
	for _, r := range refunds {
		if r.Reference == reference {
			return r, true
		}
	}
	return Refund{}, false
}

// recordRefund stores the provider's answer to a refund, and returns both as stored. If a concurrent call was faster, its
// result counts.
func (s *Service) recordRefund(ctx context.Context, p Payment, r, answer Refund) (Payment, Refund, error) {
	moved, err := s.store.MoveRefund(ctx, p, r, answer, refundMovementTo(r, answer.Status), earlier(askFirst(Captured), answer.AskAt))
	if errors.Is(err, ErrChanged) {
		p, r, _, err = s.store.BeginRefund(ctx, p.OrderID, r, askFirst(Pending))
		return p, r, err
	}
	r.Status, r.Reason, r.ProviderID = answer.Status, answer.Reason, answer.ProviderID
	return moved, r, err
}
