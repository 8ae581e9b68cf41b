package orders

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"souk/platform/field"
	"souk/platform/idempotency"
	"souk/platform/money"
	"souk/platform/security"
)

// RefundRequest asks to give money of an order back.
type RefundRequest struct {
	StaffID        string
	IdempotencyKey string
	// RequestID names the HTTP request; Retried tells that our caller makes this call again, because it got no answer.
	RequestID string
	Retried   bool

	OrderID string
	Amount  money.Money
	Reason  string
}

// GivenRefund is the first answer to an idempotency key.
type GivenRefund struct {
	Refund Refund
	// Replayed tells that the answer was not made for this request.
	Replayed bool
}

// RefundOrder gives captured money back, at once or, when payments is away, later. It returns a *field.Error, also
// for an amount above what is left, ErrNotFound, idempotency.ErrReused or idempotency.ErrInProgress.
func (s *Service) RefundOrder(ctx context.Context, req RefundRequest) (GivenRefund, error) {
	if err := req.validate(); err != nil {
		return GivenRefund{}, err
	}
	given, err := s.replayRefund(ctx, req)
	if !errors.Is(err, ErrKeyUnknown) {
		return given, err
	}
	r, id, err := s.decideRefund(ctx, req)
	if errors.Is(err, ErrKeyTaken) {
		return s.replayRefund(ctx, req)
	}
	if err != nil {
		return GivenRefund{}, fmt.Errorf("refund order: %w", err)
	}
	refund, err := s.finishRefund(ctx, r, id)
	return GivenRefund{Refund: refund}, err
}

// finishRefund carries a decided refund out, as far as a request's time goes, and returns the answer to its key.
func (s *Service) finishRefund(ctx context.Context, r Record, id string) (Refund, error) {
	inline, cancel := s.inline(ctx)
	defer cancel()
	r, err := s.advance(inline, r, func(r Record) bool { return r.refundByID(id).Status != RefundPending })
	if err != nil {
		s.logger.WarnContext(ctx, "refund goes on by itself", "order_id", r.ID, "refund_id", id, "error", err)
	}
	if err := ctx.Err(); err != nil {
		s.orphan(r.ID)
		return Refund{}, err
	}
	return s.answerRefund(ctx, *r.refundByID(id))
}

func (r RefundRequest) validate() error {
	var c field.Checker
	idempotency.CheckKey(&c, "Idempotency-Key", r.IdempotencyKey)
	c.Check(r.Amount.Amount > 0, "amount", "must be above 0")
	c.Check(currencyCode.MatchString(r.Amount.Currency), "amount", "must have an ISO 4217 currency")
	c.CheckLine("reason", r.Reason, true, maxReason)
	return c.Err()
}

// key is the use that the request makes of its idempotency key. Each member of staff has keys of their own.
func (r RefundRequest) key() idempotency.Request {
	return idempotency.Request{
		Caller: r.StaffID, Method: RefundOrderMethod, Key: r.IdempotencyKey, Fingerprint: r.fingerprint(),
		RequestID: r.RequestID, Retried: r.Retried,
	}
}

func (r RefundRequest) fingerprint() []byte {
	content, err := json.Marshal([]any{r.OrderID, r.Amount, r.Reason})
	if err != nil {
		panic(fmt.Sprintf("fingerprint: %v", err)) // strings and numbers always marshal
	}
	sum := sha256.Sum256(content)
	return sum[:]
}

// decideRefund saves the decision to give the money back and returns the refund's id. From here on it counts as
// given, so that several decisions together never give back more than there is.
func (s *Service) decideRefund(ctx context.Context, req RefundRequest) (Record, string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Record{}, "", err
	}
	for {
		r, err := s.visible(ctx, Viewer{Staff: true}, req.OrderID)
		if err != nil {
			return Record{}, "", err
		}
		if err := r.checkRefund(req.Amount); err != nil {
			return Record{}, "", err
		}
		r.addRefund(Refund{ID: id.String(), Amount: req.Amount, Reason: req.Reason, Status: RefundPending, CreatedAt: now()})
		c := change(r, nil)
		c.RefundKey = &RefundKey{Request: req.key(), RefundID: id.String()}
		saved, err := s.store.Save(ctx, c)
		if err == nil {
			security.Log(ctx, security.RefundDecided, r.ID, slog.String("refund", id.String()), slog.String("amount", req.Amount.String()))
		}
		if !errors.Is(err, ErrConflict) {
			return saved, id.String(), err
		}
	}
}

func (r Record) checkRefund(amount money.Money) error {
	currency, left := r.Totals.Total.Currency, r.refundable()
	switch {
	case amount.Currency != currency:
		return field.Invalid("amount", "must be in "+currency)
	case r.Payment.Captured.Amount == 0:
		return field.Invalid("amount", "nothing has been captured yet")
	case amount.Amount > left:
		return field.Invalid("amount", fmt.Sprintf("must be at most %s", money.New(left, currency)))
	}
	return nil
}

// replayRefund answers a request whose key was used before. It returns ErrKeyUnknown for a key that was not.
func (s *Service) replayRefund(ctx context.Context, req RefundRequest) (GivenRefund, error) {
	key := req.key()
	used, err := s.store.RefundKey(ctx, key)
	if err != nil {
		return GivenRefund{}, fmt.Errorf("look up idempotency key: %w", err)
	}
	if err := used.Check(key); err != nil {
		return GivenRefund{}, err
	}
	r, err := s.store.Get(ctx, req.OrderID) // the same as the first time, because Check compares it
	if err != nil {
		return GivenRefund{}, fmt.Errorf("replay: %w", err)
	}
	given := GivenRefund{Refund: *r.refundByID(used.Subject), Replayed: key.Replays(used.RequestID)}
	if used.Answer != nil {
		given.Refund.Status = RefundStatus(used.Answer)
		return given, nil
	}
	given.Refund, err = s.lateRefundAnswer(ctx, r, given.Refund, req.Retried)
	return given, err
}

// lateRefundAnswer makes the answer that the first request has not given, as lateAnswer does for a checkout.
func (s *Service) lateRefundAnswer(ctx context.Context, r Record, refund Refund, retried bool) (Refund, error) {
	switch {
	case refund.Status != RefundPending || s.isLate(refund.CreatedAt):
		return s.answerRefund(ctx, refund)
	case retried:
		return s.finishRefund(ctx, r, refund.ID)
	default:
		return Refund{}, idempotency.ErrInProgress
	}
}

// answerRefund makes the refund the answer to its key, unless there is one.
func (s *Service) answerRefund(ctx context.Context, refund Refund) (Refund, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	var err error
	refund.Status, err = s.store.AnswerRefund(ctx, refund.ID, refund.Status)
	return refund, err
}

// refund carries out the decision to give money back.
func (s *Service) refund(ctx context.Context, r Record) (Record, error) {
	refund := r.pendingRefund()
	if err := s.payBack(ctx, &r, refund); err != nil {
		return r, err
	}
	return s.save(ctx, r, refund.entry())
}

// payBack has payments give the money back and enters it in r. What payments refuses has failed.
func (s *Service) payBack(ctx context.Context, r *Record, refund *Refund) error {
	err := s.peers.Payments.Refund(ctx, r.ID, refund.ID, refund.Amount)
	switch {
	case errors.Is(err, ErrNotRefundable):
		s.logger.ErrorContext(ctx, "refund failed", "order_id", r.ID, "refund_id", refund.ID, "error", err)
		refund.Status = RefundFailed
	case err != nil:
		return fmt.Errorf("refund: %w", err)
	default:
		refund.Status = RefundSucceeded
		r.Payment.Refunded.Amount += refund.Amount.Amount
	}
	r.changeRefund(*refund)
	return nil
}

// entry is the refund's outcome for a timeline.
func (f Refund) entry() TimelineEntry {
	if f.Status == RefundFailed {
		return TimelineEntry{At: now(), Event: EventRefundFailed, Detail: f.Amount.String()}
	}
	return TimelineEntry{At: now(), Event: EventRefunded, Detail: f.Amount.String()}
}
