package pgaudit

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/audit"
)

// Log reads the audit log of a service.
type Log struct {
	pool *pgxpool.Pool
}

// New returns the log in a database with the table.
func New(pool *pgxpool.Pool) *Log {
	return &Log{pool: pool}
}

// List returns the records that the filter selects, newest first, and whether there are older ones.
func (l *Log) List(ctx context.Context, f audit.Filter) (page []audit.Record, more bool, err error) {
	sql, args := selectRecords(f)
	rows, err := l.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, false, fmt.Errorf("list the audit log: %w", err)
	}
	page, err = pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, false, fmt.Errorf("list the audit log: %w", err)
	}
	if len(page) > f.Limit {
		return page[:f.Limit], true, nil
	}
	return page, false, nil
}

// selectRecords returns the query of a filter. It has only the conditions that are set, so that PostgreSQL reads the page from the
// index of a condition, in order.
func selectRecords(f audit.Filter) (sql string, args []any) {
	var conditions []string
	where := func(condition string, values ...any) {
		places := make([]any, len(values))
		for i, value := range values {
			args = append(args, value)
			places[i] = len(args)
		}
		conditions = append(conditions, fmt.Sprintf(condition, places...))
	}
	for _, equal := range []struct{ column, value string }{{"actor", f.Actor}, {"action", f.Action}, {"subject", f.Subject}} {
		if equal.value != "" {
			where(equal.column+` = $%d`, equal.value)
		}
	}
	if !f.From.IsZero() {
		where(`at >= $%d`, f.From)
	}
	if !f.To.IsZero() {
		where(`at < $%d`, f.To)
	}
	if f.Before != nil {
		where(`(at, id) < ($%d, $%d)`, f.Before.At, f.Before.ID)
	}
	sql = `SELECT at, ` + columns + ` FROM audit_entries`
	if len(conditions) > 0 {
		sql += ` WHERE ` + strings.Join(conditions, ` AND `)
	}
	args = append(args, f.Limit+1)
	return sql + fmt.Sprintf(` ORDER BY at DESC, id DESC LIMIT $%d`, len(args)), args
}

func scan(row pgx.CollectableRow) (r audit.Record, err error) {
	err = row.Scan(&r.At, &r.ID, &r.Action, &r.Kind, &r.Subject, &r.Actor.Kind, &r.Actor.ID, &r.Actor.Service, &r.Actor.Address,
		&r.RequestID, &r.Detail)
	return r, err
}
