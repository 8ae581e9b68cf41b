// Package postgres stores payments, their refunds and the ledger in PostgreSQL.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/audit"
	"souk/platform/pgaudit"
	"souk/platform/telemetry"

	"souk/services/payments/internal/payments"
)

// Store implements payments.Store.
type Store struct {
	pool *pgxpool.Pool
}

var _ payments.Store = (*Store)(nil)

// New returns a store on a migrated database.
func New(pool *pgxpool.Pool) *Store {
	return &Store{pool: pool}
}

// insertPayment names no column after ON CONFLICT, because two concurrent calls for an order may collide in the index on order_id or in
// the one on reference.
const insertPayment = `INSERT INTO payments (id, order_id, reference, method, status, amount, currency, void_reason, ask_at, trace, asked)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING`

// insertVoided is insertPayment with an entry in the audit log. A pending payment gets its entry when it is decided.
var insertVoided = `WITH begun AS (` + insertPayment + ` RETURNING id), audited AS (` + pgaudit.When("begun", "$12") + `) SELECT FROM begun`

// Begin implements payments.Store.
func (s *Store) Begin(ctx context.Context, p payments.Payment, askAt time.Time) (payments.Payment, error) {
	var asked any
	if p.Status == payments.Pending {
		asked = payments.AskedBy(ctx, payments.Authorized)
	}
	statement, args := insertPayment, []any{
		p.ID, p.OrderID, p.Reference, p.Method, p.Status, p.Amount.Amount, p.Amount.Currency, p.VoidReason, timestamp(askAt),
		telemetry.Traceparent(ctx), asked,
	}
	if p.Status == payments.Voided {
		entry, err := pgaudit.Parameter(ctx, movedTo(p, payments.Change{To: payments.Voided}))
		if err != nil {
			return payments.Payment{}, err
		}
		statement, args = insertVoided, append(args, entry)
	}
	tag, err := s.pool.Exec(ctx, statement, args...)
	if err != nil {
		return payments.Payment{}, fmt.Errorf("begin payment: %w", err)
	}
	if tag.RowsAffected() == 1 {
		return p, nil
	}
	return s.Find(ctx, p.OrderID)
}

// Find implements payments.Store.
func (s *Store) Find(ctx context.Context, orderID string) (payments.Payment, error) {
	return findPayment(s.pool.QueryRow(ctx, selectPayment+` WHERE order_id = $1`, orderID))
}

// FindEvent implements payments.Store.
func (s *Store) FindEvent(ctx context.Context, e payments.Event) (payments.Payment, error) {
	p, err := findPayment(s.pool.QueryRow(ctx, selectPayment+` WHERE reference = $1`, e.Reference))
	if !errors.Is(err, payments.ErrNotFound) || e.ProviderID == "" {
		return p, err
	}
	return findPayment(s.pool.QueryRow(ctx, selectPayment+` WHERE provider_id <> '' AND provider_id = $1`, e.ProviderID))
}

const (
	paymentColumns = `payments.id, order_id, payments.reference, payments.provider_id, method, payments.status, payments.amount, payments.currency,
		refunded, decline_reason, void_reason, attention, captured_part, version, payments.asked, payments.trace, payments.created_at, payments.updated_at`
	selectPayment = `SELECT ` + paymentColumns + ` FROM payments`
)

// into returns the scan targets for paymentColumns. The currency of Refunded must be set after scanning.
func into(p *payments.Payment) []any {
	return []any{
		&p.ID, &p.OrderID, &p.Reference, &p.ProviderID, &p.Method, &p.Status, &p.Amount.Amount, &p.Amount.Currency,
		&p.Refunded.Amount, &p.DeclineReason, &p.VoidReason, &p.Attention, &p.CapturedPart, &p.Version, &p.Asked, &p.Trace, &p.CreatedAt, &p.ChangedAt,
	}
}

// timestamp converts a time to PostgreSQL's type. A zero time, which means never, is stored as infinity.
func timestamp(at time.Time) pgtype.Timestamptz {
	if at.IsZero() {
		return pgtype.Timestamptz{InfinityModifier: pgtype.Infinity, Valid: true}
	}
	return pgtype.Timestamptz{Time: at, Valid: true}
}

func findPayment(row pgx.Row) (payments.Payment, error) {
	var p payments.Payment
	err := row.Scan(into(&p)...)
	if errors.Is(err, pgx.ErrNoRows) {
		return p, payments.ErrNotFound
	}
	if err != nil {
		return p, fmt.Errorf("find payment: %w", err)
	}
	p.Refunded.Currency = p.Amount.Currency
	return p, nil
}

// movePayment changes a payment's status and writes the movements to the ledger, in one statement. It changes nothing if another call
// has already changed the status (AND status = @from). So a repeated or concurrent change takes effect once. The feed shows the change
// if the payment was not pending (the trigger note_change), or if @unasked is true. An authorization that appears after the request of a
// capture or a void does not answer that.
var movePayment = `
	WITH moved AS (
		UPDATE payments SET status = @to, decline_reason = @decline_reason,
			void_reason = CASE @to WHEN 'voided' THEN coalesce(nullif(void_reason, ''), @void_reason) ELSE '' END, captured_part = @captured_part,
			provider_id = @provider_id, attention = '', ask_at = @ask_at, updated_at = now(),
			asked = CASE WHEN @to = 'authorized' AND asked ->> 'to' <> 'authorized' THEN asked END,
			changed = CASE WHEN @unasked::boolean THEN pg_current_xact_id() ELSE changed END,
			trace = coalesce(nullif(@trace, ''), trace)
		WHERE id = @payment AND status = @from RETURNING id AS payment_id, NULL::uuid AS refund_id, version, updated_at, void_reason, asked
	), ` + posted + `, audited AS (` + pgaudit.When("moved", "@entry") + `)
	SELECT version, updated_at, void_reason, asked FROM moved`

// posted writes the entries of movements to the ledger, for the payment or the refund in the row of moved.
const posted = `posted AS (
		INSERT INTO ledger_entries (payment_id, movement, refund_id, account, amount, currency)
		SELECT payment_id, movement, refund_id, account, amount, currency
		FROM moved, unnest(@movements::text[], @accounts::text[], @amounts::bigint[], @currencies::text[])
			WITH ORDINALITY AS entry (movement, account, amount, currency, position)
		ORDER BY position
	)`

const wantCapture = `UPDATE payments SET asked = $2 WHERE order_id = $1 AND status = 'authorized' RETURNING ` + paymentColumns

// WantCapture implements payments.Store.
func (s *Store) WantCapture(ctx context.Context, orderID string) (payments.Payment, error) {
	p, err := findPayment(s.pool.QueryRow(ctx, wantCapture, orderID, payments.AskedBy(ctx, payments.Captured)))
	if errors.Is(err, payments.ErrNotFound) {
		return s.Find(ctx, orderID)
	}
	return p, err
}

// WantVoid implements payments.Store.
func (s *Store) WantVoid(ctx context.Context, paymentID string) error {
	_, err := s.pool.Exec(ctx, `UPDATE payments SET void_reason = $2, asked = $3 WHERE id = $1 AND status IN ('pending', 'authorized')`,
		paymentID, payments.VoidRequested, payments.AskedBy(ctx, payments.Voided))
	if err != nil {
		return fmt.Errorf("want void: %w", err)
	}
	return nil
}

// Move implements payments.Store.
func (s *Store) Move(ctx context.Context, p payments.Payment, change payments.Change, movements []payments.Movement) (payments.Payment, error) {
	if !p.Status.CanBecome(change.To) {
		return p, fmt.Errorf("payment %s cannot go from %s to %s", p.ID, p.Status, change.To)
	}
	args, err := entriesOf(movements...)
	if err != nil {
		return p, err
	}
	args["payment"], args["from"], args["to"], args["provider_id"] = p.ID, p.Status, change.To, p.ProviderID
	args["decline_reason"], args["void_reason"], args["captured_part"] = change.DeclineReason, change.VoidReason, change.CapturedPart
	args["trace"] = telemetry.Traceparent(ctx)
	args["unasked"], args["ask_at"] = change.Unasked, timestamp(change.AskAt)
	if args["entry"], err = pgaudit.Parameter(ctx, movedTo(p, change)); err != nil {
		return p, err
	}
	moved := p
	err = s.pool.QueryRow(ctx, movePayment, args).Scan(&moved.Version, &moved.ChangedAt, &moved.VoidReason, &moved.Asked)
	if errors.Is(err, pgx.ErrNoRows) {
		return p, payments.ErrChanged
	}
	if err != nil {
		return p, fmt.Errorf("move payment to %s: %w", change.To, err)
	}
	moved.Status, moved.DeclineReason, moved.CapturedPart, moved.Attention = change.To, change.DeclineReason, change.CapturedPart, ""
	return moved, nil
}

// movedTo returns the audit log's entry for a change of a payment.
func movedTo(p payments.Payment, change payments.Change) audit.Entry {
	amount := p.Amount
	if change.CapturedPart > 0 {
		amount.Amount = change.CapturedPart
	}
	detail := map[string]string{"payment": p.ID}
	if p.Method != "" { // otherwise nothing was ever held
		detail["amount"] = amount.String()
	}
	return audit.Entry{Action: actions[change.To], Kind: audit.Order, Subject: p.OrderID, Detail: detail}
}

var actions = map[payments.Status]audit.Action{
	payments.Authorized: audit.PaymentAuthorized, payments.Declined: audit.PaymentDeclined,
	payments.Captured: audit.PaymentCaptured, payments.Voided: audit.PaymentVoided,
}

// entriesOf returns the arguments of posted.
func entriesOf(movements ...payments.Movement) (pgx.NamedArgs, error) {
	var names, accounts, currencies []string
	var amounts []int64
	for _, m := range movements {
		if err := m.Check(); err != nil {
			return nil, err
		}
		for _, e := range m.Entries {
			names, accounts = append(names, m.Name), append(accounts, string(e.Account))
			amounts, currencies = append(amounts, e.Amount.Amount), append(currencies, e.Amount.Currency)
		}
	}
	return pgx.NamedArgs{"movements": names, "accounts": accounts, "amounts": amounts, "currencies": currencies}, nil
}
