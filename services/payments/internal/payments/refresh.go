package payments

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"souk/platform/audit"
)

// askTimeout is the time limit for comparing one payment with the provider.
const askTimeout = 10 * time.Second

// comparison is the state of comparing our books of a payment with the provider's.
type comparison struct {
	payment Payment
	// refunds are those in our books.
	refunds []Refund
	// differs is true if our books still disagree with the provider's after the comparison.
	differs bool
	// askAt is when the provider expects news. It is zero if the provider cannot tell.
	askAt time.Time
}

// refresh asks the provider for the state of a payment and updates our books to match. It saves whether a person must look at the
// payment, and when to ask next. It returns the updated payment.
func (s *Service) refresh(ctx context.Context, p Payment) (Payment, error) {
	c := comparison{payment: p}
	// What differs in the provider's books was changed there, whoever makes us look, unless it is the answer to a request of ours.
	asking, cancel := context.WithTimeout(audit.As(ctx, audit.PaymentProvider), askTimeout)
	defer cancel()
	err := s.compare(asking, &c)
	now := time.Now()
	attention := c.attention(now)
	if err != nil && attention == "" {
		attention = c.payment.Attention // nothing new is known
	}
	if attention != "" && attention != c.payment.Attention {
		s.logger.WarnContext(ctx, "a payment needs a person", "order_id", p.OrderID, "attention", attention)
	}
	return c.payment, errors.Join(err, s.store.Note(ctx, c.payment, attention, c.nextAsk(now)))
}

// attention returns why a person must look at the payment, or "" if nobody must.
func (c comparison) attention(now time.Time) Attention {
	unknown := c.payment.Status == Pending && now.Sub(c.payment.CreatedAt) >= unknownFor
	for _, r := range c.refunds {
		unknown = unknown || r.Status == RefundPending && now.Sub(r.CreatedAt) >= unknownFor
	}
	switch {
	case unknown:
		return OutcomeUnknown
	case c.differs:
		return ProviderDiffers
	default:
		return ""
	}
}

// compare asks the provider about a payment and updates our books to match.
func (s *Service) compare(ctx context.Context, c *comparison) (err error) {
	p := c.payment
	if p.Method == "" { // the provider was never asked for it
		return nil
	}
	if p.Status == Captured {
		if c.refunds, err = s.store.Refunds(ctx, p.ID); err != nil {
			return err
		}
	}
	theirs, err := s.lookup(ctx, p)
	if errors.Is(err, ErrNotFound) {
		c.differs = p.Status == Authorized || p.Status == Captured
		return nil
	}
	if err != nil {
		return err
	}
	c.askAt = theirs.AskAt
	if p.Status == Pending && theirs.Status != Pending {
		moved, err := s.record(p.actorOf(ctx, Change{To: theirs.Status}), p, theirs.Authorization, true)
		if err != nil {
			return err
		}
		c.payment = moved
	}
	if err := s.follow(ctx, c, theirs); err != nil || c.payment.Status != Captured {
		return err
	}
	return s.followRefunds(ctx, c, theirs)
}

// follow updates our books of a payment to match the provider's.
func (s *Service) follow(ctx context.Context, c *comparison, theirs Standing) error {
	p := c.payment
	if change, ok := p.changeTo(theirs); ok {
		moved, err := s.settle(p.actorOf(ctx, change), p, change)
		if err != nil {
			return err
		}
		c.payment = moved
	}
	// The provider holds money although we voided or declined the payment: an authorization arrived late. Release it.
	if (p.Status == Voided || p.Status == Declined) && theirs.Open.Amount > 0 {
		if err := s.voidAtProvider(ctx, p); err != nil {
			return err
		}
	}
	c.differs = c.payment.CapturedAmount() != theirs.Captured ||
		c.payment.Status == Authorized && theirs.Status != Pending && theirs.Open != c.payment.Amount
	return nil
}

// changeTo returns how an authorized payment has changed at the provider, if it has.
func (p Payment) changeTo(theirs Standing) (Change, bool) {
	switch taken := theirs.Captured.Amount; {
	case p.Status != Authorized:
		return Change{}, false
	case theirs.Status == Voided:
		return Change{To: Voided, VoidReason: theirs.VoidReason, Unasked: true}, true
	case taken == 0 || theirs.Open.Amount > 0:
		return Change{}, false
	case taken < p.Amount.Amount:
		return Change{To: Captured, CapturedPart: taken, Unasked: true}, true
	default:
		return Change{To: Captured, Unasked: true}, true
	}
}

// followRefunds updates our books of a payment's refunds to match the provider's. Refunds that we know are updated first. A failed
// one no longer counts against the captured amount, so a refund made at the provider may then fit.
func (s *Service) followRefunds(ctx context.Context, c *comparison, theirs Standing) error {
	if len(c.refunds) == 0 && theirs.Refunded.Amount == 0 {
		return nil
	}
	refunds, err := retry(ctx, s.logger, func() ([]Refund, error) { return s.provider.Refunds(ctx, c.payment) })
	if err != nil {
		return err
	}
	var given int64
	var others []Refund
	for _, their := range refunds {
		if their.Status == RefundSucceeded {
			given += their.Amount.Amount
		}
		r, known := withReference(c.refunds, their.Reference)
		if !known {
			others = append(others, their)
		} else if err := s.followRefund(ctx, c, r, their); err != nil {
			return err
		}
	}
	if err := s.followOthers(ctx, c, others); err != nil {
		return err
	}
	c.differs = c.differs || c.payment.Refunded.Amount != given
	c.refunds, err = s.store.Refunds(ctx, c.payment.ID)
	return err
}

// followRefund updates a refund in our books to match the provider's.
func (s *Service) followRefund(ctx context.Context, c *comparison, r, their Refund) error {
	if !r.Status.CanBecome(their.Status) {
		return nil
	}
	if r.Asked != nil {
		ctx = r.Asked.actor(ctx)
	}
	moved, _, err := s.recordRefund(ctx, c.payment, r, their)
	if err != nil {
		return err
	}
	c.payment = moved
	return nil
}

// followOthers adds refunds to our books that were made at the provider, for example in its dashboard. A refund larger than what is
// left of the captured money is skipped, and tried again at the next comparison. This happens, for example, while one of our own
// refunds is pending, because a pending refund counts too.
func (s *Service) followOthers(ctx context.Context, c *comparison, others []Refund) error {
	for _, their := range others {
		if their.Status != RefundSucceeded {
			continue
		}
		r, err := s.adopt(ctx, c.payment, their)
		if errors.Is(err, ErrRefundTooLarge) {
			continue
		}
		if err == nil {
			err = s.followRefund(ctx, c, r, their)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// adopt stores a refund that was made at the provider. No refund is stored twice, because references are unique.
func (s *Service) adopt(ctx context.Context, p Payment, their Refund) (Refund, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Refund{}, err
	}
	_, r, _, err := s.store.BeginRefund(ctx, p.OrderID, Refund{
		ID: id.String(), Reference: their.Reference, Status: RefundPending, Amount: their.Amount,
	}, askFirst(Pending))
	return r, err
}
