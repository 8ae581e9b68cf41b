package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"souk/platform/pgdb"

	"souk/services/orders/internal/order"
	"souk/services/orders/internal/outbox"
)

// DueMails is the queue of mails that are due.
var DueMails = pgdb.Queue{Name: "mails", SQL: `SELECT count(*), min(due_at) FROM mails WHERE due_at <= now()`}

// queueMail adds the mail about an event, if there is one.
func queueMail(batch *pgx.Batch, orderID string, position int, event order.Event) {
	if _, ok := event.Mail(); ok {
		batch.Queue(`INSERT INTO mails (order_id, position) VALUES ($1, $2)`, orderID, position)
	}
}

// claimMails skips rows that are locked, so that replicas that claim at the same time get different mails.
const claimMails = `
UPDATE mails SET due_at = now() + $2::interval
WHERE (order_id, position) IN (
    SELECT order_id, position FROM mails
    WHERE due_at <= now()
    ORDER BY due_at
    LIMIT $1
    FOR UPDATE SKIP LOCKED)
RETURNING order_id, position, created_at, due_at, attempts`

// ClaimMails implements outbox.Store.
func (s *Store) ClaimMails(ctx context.Context, limit int, lease time.Duration) ([]outbox.Mail, error) {
	return s.mails(ctx, claimMails, limit, lease)
}

// putOffMail finds the mail by its due time, which is another one if somebody else has claimed it.
const putOffMail = `
UPDATE mails SET due_at = now() + $4::interval, attempts = attempts || $5::jsonb
WHERE order_id = $1 AND position = $2 AND due_at = $3`

// PutOffMail implements outbox.Store.
func (s *Store) PutOffMail(ctx context.Context, claimed outbox.Mail, failed outbox.Attempt, wait time.Duration) error {
	_, err := s.pool.Exec(ctx, putOffMail, claimed.OrderID, claimed.Position, claimed.DueAt, wait, []outbox.Attempt{failed})
	if err != nil {
		return fmt.Errorf("put off mail: %w", err)
	}
	return nil
}

const markAddresses = `
UPDATE orders SET mail_refused_at = CASE WHEN refused THEN now() END
FROM unnest($1::uuid[], $2::boolean[]) AS ended (order_id, refused)
WHERE id = order_id AND (mail_refused_at IS NOT NULL) <> refused`

const deleteMails = `
DELETE FROM mails WHERE (order_id, position) IN (SELECT * FROM unnest($1::uuid[], $2::integer[]))`

// EndMails implements outbox.Store. Its statements are one transaction.
func (s *Store) EndMails(ctx context.Context, ended []outbox.Ended) error {
	latest := map[string]bool{} // of several mails about an order, the last one says whether its address was refused
	orders, positions := make([]string, len(ended)), make([]int, len(ended))
	for i, e := range ended {
		latest[e.OrderID] = e.Refused
		orders[i], positions[i] = e.OrderID, e.Position
	}
	marked := slices.Sorted(maps.Keys(latest))
	refused := make([]bool, len(marked))
	for i, id := range marked {
		refused[i] = latest[id]
	}
	batch := &pgx.Batch{}
	batch.Queue(markAddresses, marked, refused)
	batch.Queue(deleteMails, orders, positions)
	if err := s.pool.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("end mails: %w", err)
	}
	return nil
}

const giveUpMails = `
DELETE FROM mails
WHERE (order_id, position) IN (
    SELECT order_id, position FROM mails WHERE created_at < now() - $1::interval LIMIT 1000 FOR UPDATE SKIP LOCKED)
RETURNING order_id, position, created_at, due_at, attempts`

// GiveUpMails implements outbox.Store.
func (s *Store) GiveUpMails(ctx context.Context, after time.Duration) ([]outbox.Mail, error) {
	return s.mails(ctx, giveUpMails, after)
}

func (s *Store) mails(ctx context.Context, query string, args ...any) ([]outbox.Mail, error) {
	rows, err := s.pool.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("mails: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[outbox.Mail])
	if err != nil {
		return nil, fmt.Errorf("mails: %w", err)
	}
	return found, nil
}
