// Package pgaudit stores a service's audit log in its own PostgreSQL database, in the table audit_entries, which the service's
// migrations create (the same file in each service; a test compares them). Nobody can change or delete its rows.
//
// Write and Queue add entries to a transaction. A Clause adds them within the statement that makes the change, for work that
// many requests wait for: it costs no round trip.
package pgaudit

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"souk/platform/audit"
)

// row is an entry as the statements read it from their JSON parameter.
type row struct {
	ID          string            `json:"id"`
	Action      audit.Action      `json:"action"`
	SubjectKind audit.Kind        `json:"subject_kind"`
	Subject     string            `json:"subject"`
	ActorKind   audit.ActorKind   `json:"actor_kind"`
	Actor       string            `json:"actor"`
	Service     string            `json:"service"`
	Address     string            `json:"address"`
	RequestID   string            `json:"request_id"`
	Detail      map[string]string `json:"detail"`
}

const (
	columns = `id, action, subject_kind, subject, actor_kind, actor, service, address, request_id, detail`
	// entries reads the rows from the parameter.
	entries = `json_to_recordset(%s::json) AS entry (id uuid, action text, subject_kind text, subject text,
		actor_kind text, actor text, service text, address text, request_id text, detail jsonb)`
	insert = `INSERT INTO audit_entries (` + columns + `) SELECT `
)

// Executor runs statements: a transaction.
type Executor interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

var insertAll = insert + columns + ` FROM ` + fmt.Sprintf(entries, "$1")

// Write adds entries to the log, in tx. The actor and the request are those of ctx.
func Write(ctx context.Context, tx Executor, list ...audit.Entry) error {
	parameter, err := Parameter(ctx, list...)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, insertAll, parameter); err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	return nil
}

// Queue is Write for the transaction that a batch is sent in.
func Queue(ctx context.Context, batch *pgx.Batch, list ...audit.Entry) error {
	if len(list) == 0 {
		return nil
	}
	parameter, err := Parameter(ctx, list...)
	if err != nil {
		return err
	}
	batch.Queue(insertAll, parameter)
	return nil
}

// Parameter returns entries as the parameter of a statement with a clause of When or Each.
func Parameter(ctx context.Context, list ...audit.Entry) (string, error) {
	rows := make([]row, len(list))
	for i, e := range list {
		r, err := audit.NewRecord(ctx, e)
		if err != nil {
			return "", err
		}
		// The time of a stored record is that of its transaction, by PostgreSQL's clock.
		rows[i] = row{
			ID: r.ID, Action: r.Action, SubjectKind: r.Kind, Subject: r.Subject, ActorKind: r.Actor.Kind, Actor: r.Actor.ID,
			Service: r.Actor.Service, Address: r.Actor.Address, RequestID: r.RequestID, Detail: r.Detail,
		}
		if rows[i].Detail == nil {
			rows[i].Detail = map[string]string{}
		}
	}
	text, err := json.Marshal(rows)
	return string(text), err
}

// When returns an INSERT for a WITH clause. It adds the entries of the parameter, such as "$3" or "@entry", if the clause changed
// has any row.
func When(changed, parameter string) string {
	return insert + columns + ` FROM ` + fmt.Sprintf(entries, parameter) + ` WHERE EXISTS (SELECT FROM ` + changed + `)`
}

// Each returns an INSERT for a WITH clause. It adds the entry of the parameter once for each row of the clause changed. subject and
// detail are SQL expressions over that row, of the types text and jsonb.
func Each(changed, subject, detail, parameter string) string {
	return insert + `gen_random_uuid(), action, subject_kind, ` + subject + `, actor_kind, actor, service, address, request_id, ` +
		detail + ` FROM ` + changed + `, ` + fmt.Sprintf(entries, parameter)
}
