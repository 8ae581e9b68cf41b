package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"souk/platform/money"

	"souk/services/orders/internal/order"
)

const upsertReturn = `
INSERT INTO returns (id, order_id, status, lines, reason, amount, created_at, not_restocked, refund_shipping, refusal_reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (id) DO UPDATE SET status = excluded.status, lines = excluded.lines, amount = excluded.amount,
    not_restocked = excluded.not_restocked, refund_shipping = excluded.refund_shipping, refusal_reason = excluded.refusal_reason`

const upsertRefund = `
INSERT INTO refunds (id, order_id, status, amount, reason, return_id, created_at, lines, shipping, actor_id)
VALUES ($1, $2, $3, $4, $5, nullif($6, '')::uuid, $7, $8, $9, $10)
ON CONFLICT (id) DO UPDATE SET status = excluded.status`

// queueReturns saves the returns and refunds of an order as they are.
func queueReturns(batch *pgx.Batch, r order.Snapshot) {
	for _, t := range r.Returns {
		batch.Queue(upsertReturn, t.ID, r.ID, string(t.Status), t.Lines, t.Reason, t.Amount.Amount, t.CreatedAt,
			orEmpty(t.NotRestocked), t.RefundShipping, t.RefusalReason)
	}
	for _, f := range r.Refunds {
		batch.Queue(upsertRefund, f.ID, r.ID, string(f.Status), f.Amount.Amount, f.Reason, f.ReturnID, f.CreatedAt,
			orEmpty(f.Lines), f.Shipping, f.ActorID)
	}
}

// OrderOfReturn implements aftersales.Store.
func (s *Store) OrderOfReturn(ctx context.Context, returnID string) (string, error) {
	var id string
	err := s.pool.QueryRow(ctx, "SELECT order_id FROM returns WHERE id = $1", returnID).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", order.ErrReturnNotFound
	}
	if err != nil {
		return "", fmt.Errorf("find return: %w", err)
	}
	return id, nil
}

// selectReturns has the columns of a returnOfOrder. A return has one refund at most.
const selectReturns = `
SELECT t.id, t.status, t.lines, t.not_restocked, t.reason, t.amount, t.refund_shipping, t.refusal_reason, t.created_at,
    o.id AS order_id, o.number AS order_number, o.customer_id, o.currency, f.amount AS refunded
FROM returns t JOIN orders o ON o.id = t.order_id LEFT JOIN refunds f ON f.return_id = t.id `

// returnOfOrder is a return with columns of its order and the amount of its refund.
type returnOfOrder struct {
	returnRow
	OrderID     string
	OrderNumber string
	CustomerID  string
	Currency    string
	Refunded    *int64
}

func (r returnOfOrder) view() order.ReturnView {
	view := order.ReturnView{Return: r.goods(r.Currency), OrderID: r.OrderID, OrderNumber: r.OrderNumber, CustomerID: r.CustomerID}
	if r.Refunded != nil {
		refunded := money.New(*r.Refunded, r.Currency)
		view.RefundAmount = &refunded
	}
	return view
}

// maxReturnLines is the most lines on a page of returns, unless one return has more. A line names its SKU up to three times, so
// with the longest SKUs (255 bytes) they take most of the 16 MiB that callers accept.
const maxReturnLines = 20_000

// Returns implements order.Lister.
func (s *Store) Returns(ctx context.Context, filter order.ReturnFilter) ([]order.ReturnView, bool, error) {
	where, args := returnCondition(filter)
	args = append(args, filter.Limit+1)
	query := fmt.Sprintf("%s %s ORDER BY t.created_at DESC, t.id DESC LIMIT $%d", selectReturns, where, len(args))
	rows, err := s.pool.Query(ctx, query, args...)
	if err != nil {
		return nil, false, fmt.Errorf("list returns: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (order.ReturnView, error) {
		r, err := pgx.RowToStructByName[returnOfOrder](row)
		return r.view(), err
	})
	if err != nil {
		return nil, false, fmt.Errorf("list returns: %w", err)
	}
	n := fitting(found, filter.Limit)
	return found[:n], n < len(found), nil
}

// fitting returns how many of the returns go on a page of at most limit returns. It is at least one if there is one.
func fitting(found []order.ReturnView, limit int) int {
	lines := 0
	for n, goods := range found {
		lines += len(goods.Lines)
		if n == limit || n > 0 && lines > maxReturnLines {
			return n
		}
	}
	return len(found)
}

// returnCondition writes a filter as a WHERE clause with its arguments.
func returnCondition(filter order.ReturnFilter) (string, []any) {
	var terms []string
	var args []any
	if filter.Status != "" {
		args = append(args, string(filter.Status))
		terms = append(terms, "t.status = $1")
	}
	if filter.Before != nil {
		args = append(args, filter.Before.CreatedAt, filter.Before.ID)
		terms = append(terms, fmt.Sprintf("(t.created_at, t.id) < ($%d, $%d)", len(args)-1, len(args)))
	}
	if len(terms) == 0 {
		return "", nil
	}
	return "WHERE " + strings.Join(terms, " AND "), args
}
