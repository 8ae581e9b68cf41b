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

	"souk/services/orders/internal/order"
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
	Refund order.Refund
	// Replayed tells that the answer was not made for this request.
	Replayed bool
}

// RefundOrder gives captured money back, at once or, when payments is away, later. It returns a *field.Error, also
// for an amount above what is left, order.ErrNotFound, idempotency.ErrReused or idempotency.ErrInProgress.
func (s *Service) RefundOrder(ctx context.Context, req RefundRequest) (GivenRefund, error) {
	if err := req.validate(); err != nil {
		return GivenRefund{}, err
	}
	given, err := s.replayRefund(ctx, req)
	if !errors.Is(err, ErrKeyUnknown) {
		return given, err
	}
	o, id, err := s.decideRefund(ctx, req)
	if errors.Is(err, ErrKeyTaken) {
		return s.replayRefund(ctx, req)
	}
	if err != nil {
		return GivenRefund{}, fmt.Errorf("refund order: %w", err)
	}
	refund, err := s.finishRefund(ctx, o, id)
	return GivenRefund{Refund: refund}, err
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

// decideRefund saves the decision to give the money back and returns the refund's id.
func (s *Service) decideRefund(ctx context.Context, req RefundRequest) (order.Order, string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return order.Order{}, "", err
	}
	for {
		o, err := order.Find(ctx, s.store, order.Viewer{Staff: true}, req.OrderID)
		if err != nil {
			return order.Order{}, "", err
		}
		if err := o.RequestRefund(id.String(), req.Amount, req.Reason); err != nil {
			return order.Order{}, "", err
		}
		saved, err := s.store.SaveRefund(ctx, o, id.String(), req.key())
		if err == nil {
			security.Log(ctx, security.RefundDecided, o.ID(), slog.String("refund", id.String()), slog.String("amount", req.Amount.String()))
		}
		if !errors.Is(err, order.ErrConflict) {
			return saved, id.String(), err
		}
	}
}

// finishRefund carries a decided refund out, as far as a request's time goes, and returns the answer to its key.
func (s *Service) finishRefund(ctx context.Context, o order.Order, id string) (order.Refund, error) {
	inline, cancel := s.inline(ctx)
	defer cancel()
	o, err := s.advance(inline, o, func(o order.Order) bool {
		refund, _ := o.Refund(id)
		return refund.Status != order.RefundPending
	})
	if err != nil {
		s.logger.WarnContext(ctx, "refund goes on by itself", "order_id", o.ID(), "refund_id", id, "error", err)
	}
	if err := ctx.Err(); err != nil {
		s.orphan(o.ID())
		return order.Refund{}, err
	}
	refund, _ := o.Refund(id)
	return s.answerRefund(ctx, refund)
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
	o, err := s.store.Get(ctx, req.OrderID) // the same as the first time, because Check compares it
	if err != nil {
		return GivenRefund{}, fmt.Errorf("replay: %w", err)
	}
	given := GivenRefund{Replayed: key.Replays(used.RequestID)}
	given.Refund, _ = o.Refund(used.Subject)
	if used.Answer != nil {
		given.Refund.Status = order.RefundStatus(used.Answer)
		return given, nil
	}
	given.Refund, err = s.lateRefundAnswer(ctx, o, given.Refund, req.Retried)
	return given, err
}

// lateRefundAnswer makes the answer that the first request has not given, as lateAnswer does for a checkout.
func (s *Service) lateRefundAnswer(ctx context.Context, o order.Order, refund order.Refund, retried bool) (order.Refund, error) {
	switch {
	case refund.Status != order.RefundPending || s.isLate(refund.CreatedAt):
		return s.answerRefund(ctx, refund)
	case retried:
		return s.finishRefund(ctx, o, refund.ID)
	default:
		return order.Refund{}, idempotency.ErrInProgress
	}
}

// answerRefund makes the refund the answer to its key, unless there is one.
func (s *Service) answerRefund(ctx context.Context, refund order.Refund) (order.Refund, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	var err error
	refund.Status, err = s.store.AnswerRefund(ctx, refund.ID, refund.Status)
	return refund, err
}

// refund carries out the decision to give money back.
func (s *Service) refund(ctx context.Context, o order.Order) (order.Order, error) {
	refund, _ := o.PendingRefund()
	if err := s.payBack(ctx, &o, refund); err != nil {
		return o, err
	}
	return s.store.Save(ctx, o)
}

// payBack has payments give the money of a refund back. What payments refuses has failed.
func (s *Service) payBack(ctx context.Context, o *order.Order, refund order.Refund) error {
	err := s.peers.Payments.Refund(ctx, o.ID(), refund.ID, refund.Amount)
	switch {
	case errors.Is(err, ErrNotRefundable):
		s.logger.ErrorContext(ctx, "refund failed", "order_id", o.ID(), "refund_id", refund.ID, "error", err)
		return o.FailRefund(refund.ID)
	case err != nil:
		return fmt.Errorf("refund: %w", err)
	default:
		return o.CompleteRefund(refund.ID)
	}
}
