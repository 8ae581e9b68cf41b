package aftersales

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
	"souk/services/orders/internal/saga"
)

// RefundMethod is the RPC that refunds orders. It is the scope of the idempotency keys of refunds.
const RefundMethod = "/souk.orders.v1.OrdersService/RefundOrder"

// RefundRequest asks to give money of an order back: an amount as goodwill, or what lines were sold for.
type RefundRequest struct {
	StaffID        string
	IdempotencyKey string
	// RequestID names the HTTP request.
	RequestID string
	// Retried tells that the gateway makes this call again, because it got no answer to the one before.
	Retried bool

	OrderID string
	Amount  *money.Money // nil for lines
	Lines   []order.Item // each SKU once; none for an amount
	// Shipping gives back what the order's shipping cost, together with the lines.
	Shipping bool
	Reason   string
}

// GivenRefund is a refund that was decided. It is the first answer to its idempotency key.
type GivenRefund struct {
	Refund order.Refund
	// Replayed tells that the answer was not made for this request.
	Replayed bool
}

// RefundOrder gives captured money back: at once, or later when payments is away. It returns a *field.Error, also for more than is
// left, order.ErrNotFound, idempotency.ErrReused or idempotency.ErrInProgress.
func (a *AfterSales) RefundOrder(ctx context.Context, req RefundRequest) (GivenRefund, error) {
	if err := req.validate(); err != nil {
		return GivenRefund{}, err
	}
	given, err := a.replayRefund(ctx, req)
	if !errors.Is(err, order.ErrKeyUnknown) {
		return given, err
	}
	o, id, err := a.decideRefund(ctx, req)
	if errors.Is(err, order.ErrKeyTaken) {
		return a.replayRefund(ctx, req)
	}
	if err != nil {
		return GivenRefund{}, fmt.Errorf("refund order: %w", err)
	}
	refund, err := a.finishRefund(ctx, o, id)
	return GivenRefund{Refund: refund}, err
}

func (r RefundRequest) validate() error {
	var c field.Checker
	idempotency.CheckKey(&c, "Idempotency-Key", r.IdempotencyKey)
	r.checkWhat(&c)
	c.CheckLine("reason", r.Reason, true, maxReason)
	return c.Err()
}

// checkWhat records violations unless the request has either an amount or lines.
func (r RefundRequest) checkWhat(c *field.Checker) {
	switch {
	case r.Amount == nil && len(r.Lines) == 0:
		c.Check(false, "amount", "is required, unless there are lines")
		c.Check(false, "lines", "are required, unless there is an amount")
	case r.Amount == nil:
		checkLines(c, r.Lines)
	default:
		c.Check(r.Amount.Amount > 0, "amount", "must be above 0")
		order.CheckCurrency(c, "amount", *r.Amount)
		c.Check(len(r.Lines) == 0, "lines", "must not come with an amount")
		c.Check(!r.Shipping, "shipping", "must not come with an amount")
	}
}

// key is the request as a use of its idempotency key. Each member of staff has keys of their own.
func (r RefundRequest) key() idempotency.Request {
	return idempotency.Request{
		Caller: r.StaffID, Method: RefundMethod, Key: r.IdempotencyKey, Fingerprint: r.fingerprint(),
		RequestID: r.RequestID, Retried: r.Retried,
	}
}

// fingerprint is the same as in the version before for an amount.
func (r RefundRequest) fingerprint() []byte {
	what := []any{r.OrderID, r.Amount, r.Reason}
	if r.Amount == nil {
		what = append(what, r.Lines, r.Shipping)
	}
	content, err := json.Marshal(what)
	if err != nil {
		panic(fmt.Sprintf("fingerprint: %v", err)) // strings and numbers always marshal
	}
	sum := sha256.Sum256(content)
	return sum[:]
}

// decideRefund saves the decision to give the money back and returns the refund's id.
func (a *AfterSales) decideRefund(ctx context.Context, req RefundRequest) (order.Order, string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return order.Order{}, "", err
	}
	for {
		o, err := order.Find(ctx, a.store, order.Viewer{Staff: true}, req.OrderID)
		if err != nil {
			return order.Order{}, "", err
		}
		o = o.By(req.StaffID)
		if err := req.decide(&o, id.String()); err != nil {
			return order.Order{}, "", err
		}
		saved, err := a.store.SaveRefund(ctx, o, id.String(), req.key())
		if err == nil {
			refund, _ := o.Refund(id.String())
			security.Log(ctx, security.RefundDecided, o.ID(), slog.String("refund", id.String()), slog.String("amount", refund.Amount.String()))
		}
		if !errors.Is(err, order.ErrConflict) {
			return saved, id.String(), err
		}
	}
}

// decide makes the decision to give back what the request asks for.
func (r RefundRequest) decide(o *order.Order, id string) error {
	if r.Amount != nil {
		return o.RequestRefund(id, *r.Amount, r.Reason)
	}
	return o.RequestRefundOf(id, r.Lines, r.Shipping, r.Reason)
}

// finishRefund carries a decided refund out, for as long as a request may take, and returns the answer to its key.
func (a *AfterSales) finishRefund(ctx context.Context, o order.Order, id string) (order.Refund, error) {
	inline, cancel := a.saga.Inline(ctx)
	defer cancel()
	o, err := a.saga.Run(inline, o, func(o order.Order) bool {
		refund, _ := o.Refund(id)
		return refund.Status != order.RefundPending
	})
	if err != nil {
		a.logger.WarnContext(ctx, "refund goes on by itself", "order_id", o.ID(), "refund_id", id, "error", err)
	}
	if err := ctx.Err(); err != nil {
		a.saga.Abandon(ctx, o.ID())
		return order.Refund{}, err
	}
	refund, _ := o.Refund(id)
	return a.answerRefund(ctx, refund)
}

// replayRefund answers a request whose key was used before. It returns order.ErrKeyUnknown for a key that was not.
func (a *AfterSales) replayRefund(ctx context.Context, req RefundRequest) (GivenRefund, error) {
	key := req.key()
	used, err := a.store.RefundKey(ctx, key)
	if err != nil {
		return GivenRefund{}, fmt.Errorf("look up idempotency key: %w", err)
	}
	if err := used.Check(key); err != nil {
		return GivenRefund{}, err
	}
	o, err := a.store.Get(ctx, req.OrderID) // the same as the first time, because Check compares it
	if err != nil {
		return GivenRefund{}, fmt.Errorf("replay: %w", err)
	}
	given := GivenRefund{Replayed: key.Replays(used.RequestID)}
	given.Refund, _ = o.Refund(used.Subject)
	if used.Answer != nil {
		given.Refund.Status = order.RefundStatus(used.Answer)
		return given, nil
	}
	refund := given.Refund
	given.Refund, err = saga.AnswerLate(ctx, a.saga, saga.Unanswered[order.Refund]{
		Done: refund.Status != order.RefundPending, Began: refund.CreatedAt,
		Answer: func(ctx context.Context) (order.Refund, error) { return a.answerRefund(ctx, refund) },
		Finish: func(ctx context.Context) (order.Refund, error) { return a.finishRefund(ctx, o, refund.ID) },
	}, req.Retried)
	return given, err
}

// saveTime is how long saving an answer may take.
const saveTime = 2 * time.Second

// answerRefund makes the refund the answer to its key, unless there is one.
func (a *AfterSales) answerRefund(ctx context.Context, refund order.Refund) (order.Refund, error) {
	ctx, cancel := context.WithTimeout(ctx, saveTime)
	defer cancel()
	var err error
	refund.Status, err = a.store.AnswerRefund(ctx, refund.ID, refund.Status)
	return refund, err
}

// refund carries out the decision to give money back.
func (s steps) refund(ctx context.Context, o order.Order) (order.Order, error) {
	refund, _ := o.PendingRefund()
	if err := s.money.PayBack(ctx, &o, refund); err != nil {
		return o, err
	}
	return s.orders.Save(ctx, o)
}
