package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"souk/platform/idempotency"
	"souk/platform/pgkey"

	"souk/services/orders/internal/aftersales"
	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
)

// Key implements checkout.Store. It also checks the customer, so that an erased one is refused before the cart is priced.
func (s *Store) Key(ctx context.Context, key idempotency.Request) (checkout.UsedKey, error) {
	batch := &pgx.Batch{}
	queueRefusal(batch, order.ErrCustomerErased, selectErased, key.Caller)
	use, err := s.find(ctx, batch, key)
	if err != nil {
		return checkout.UsedKey{}, err
	}
	answer, err := decodeAnswer(use.Answer)
	return checkout.UsedKey{Use: use, Order: answer}, err
}

// find returns the use of a key, or order.ErrKeyUnknown, after the statements that the batch has already.
func (s *Store) find(ctx context.Context, batch *pgx.Batch, key idempotency.Request) (idempotency.Use, error) {
	var use *idempotency.Use
	pgkey.Find(batch, key, &use)
	if err := s.pool.SendBatch(ctx, batch).Close(); err != nil {
		return idempotency.Use{}, fmt.Errorf("get idempotency key: %w", err)
	}
	if use == nil {
		return idempotency.Use{}, order.ErrKeyUnknown
	}
	return *use, nil
}

// RefundKey implements aftersales.Store.
func (s *Store) RefundKey(ctx context.Context, key idempotency.Request) (idempotency.Use, error) {
	return s.find(ctx, &pgx.Batch{}, key)
}

// Answer implements checkout.Store.
func (s *Store) Answer(ctx context.Context, o order.Order) (order.View, error) {
	batch := &pgx.Batch{}
	if o.Status() == order.StatusPending {
		batch.Queue(postpone, o.ID(), time.Duration(0)) // before the key is locked, in the same order as in Save
	}
	view := o.Snapshot().View
	answer, err := saveAnswer(ctx, s.pool, batch, view)
	if err != nil {
		return order.View{}, fmt.Errorf("save answer: %w", err)
	}
	if answer == nil {
		return view, nil
	}
	return *answer, nil
}

// sender is a transaction, or a pool, where the batch is a transaction of its own.
type sender interface {
	SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults
}

// saveAnswer makes an order the answer to its key unless there is one, after the statements that the batch has already. It returns the
// answer that stands: nil if the key is forgotten.
func saveAnswer(ctx context.Context, to sender, batch *pgx.Batch, view order.View) (*order.View, error) {
	content, err := json.Marshal(view)
	if err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	var standing []byte
	pgkey.Answer(batch, checkout.PlaceMethod, view.ID, content, &standing)
	if err := to.SendBatch(ctx, batch).Close(); err != nil {
		return nil, err
	}
	return decodeAnswer(standing)
}

func decodeAnswer(content []byte) (*order.View, error) {
	if content == nil {
		return nil, nil
	}
	var view order.View
	if err := json.Unmarshal(content, &view); err != nil {
		return nil, fmt.Errorf("decode answer: %w", err)
	}
	return &view, nil
}

// AnswerRefund implements aftersales.Store.
func (s *Store) AnswerRefund(ctx context.Context, refundID string, status order.RefundStatus) (order.RefundStatus, error) {
	batch := &pgx.Batch{}
	var standing []byte
	pgkey.Answer(batch, aftersales.RefundMethod, refundID, []byte(status), &standing)
	if err := s.pool.SendBatch(ctx, batch).Close(); err != nil {
		return "", fmt.Errorf("answer refund: %w", err)
	}
	if standing == nil {
		return status, nil
	}
	return order.RefundStatus(standing), nil
}
