// Package pgkey stores idempotency keys in a service's own PostgreSQL database, in the table idempotent_requests, which the
// service's migrations create:
//
//	CREATE TABLE idempotent_requests (
//	    caller      text        NOT NULL,
//	    method      text        NOT NULL,
//	    key         text        NOT NULL,
//	    fingerprint bytea       NOT NULL,
//	    request_id  text        NOT NULL,
//	    subject     uuid,
//	    answer      bytea,
//	    created_at  timestamptz NOT NULL DEFAULT now(),
//	    CONSTRAINT idempotent_requests_pkey PRIMARY KEY (caller, method, key)
//	);
//	CREATE INDEX idempotent_requests_created_idx ON idempotent_requests (created_at);
//	CREATE INDEX idempotent_requests_subject_idx ON idempotent_requests (subject);
//
// There are three ways to use it, for three kinds of work. Transaction is for work that is a single transaction; a service with
// only such work needs neither the column subject nor its index. Steps is for work in several steps that may be repeated at any
// time. Claim, Find and Answer are for work that saves the key and the answer in transactions of its own, such as a checkout.
package pgkey

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/idempotency"
	"souk/platform/pgdb"
)

// Transaction is a Keeper for work that is a single transaction. The key, the change and the answer are saved together or not
// at all, so that a crash cannot separate them.
type Transaction struct {
	pool *pgxpool.Pool
}

var _ idempotency.Keeper = (*Transaction)(nil)

// NewTransaction returns a keeper on a database with the table.
func NewTransaction(pool *pgxpool.Pool) *Transaction {
	return &Transaction{pool: pool}
}

// Process runs work regularly; a *service.Service is one.
type Process interface {
	Every(interval time.Duration, name string, work func(context.Context) error)
}

// NewFor is like NewTransaction, and also makes process p delete old keys regularly.
func NewFor(p Process, pool *pgxpool.Pool) *Transaction {
	k := NewTransaction(pool)
	p.Every(idempotency.SweepEvery, "idempotent requests", k.Sweep)
	return k
}

// Do implements idempotency.Keeper. Everything that work does through pgdb.InTx with its context belongs to one transaction. If
// work returns an error, that transaction is rolled back and the key is unused again.
func (k *Transaction) Do(ctx context.Context, r idempotency.Request, work func(context.Context) ([]byte, error)) (idempotency.Answer, error) {
	var answer idempotency.Answer
	err := pgdb.InTx(ctx, k.pool, func(tx pgx.Tx) error {
		known, err := lock(ctx, tx, r)
		if err != nil {
			return err
		}
		if known != nil {
			answer, err = replay(known, r)
			return err
		}
		answer.Replayed = false
		if answer.Content, err = work(pgdb.WithTx(ctx, tx)); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `
			INSERT INTO idempotent_requests (caller, method, key, fingerprint, request_id, answer) VALUES ($1, $2, $3, $4, $5, $6)`,
			r.Caller, r.Method, r.Key, r.Fingerprint, r.RequestID, append([]byte{}, answer.Content...))
		if err != nil {
			return fmt.Errorf("save the answer to an idempotency key: %w", err)
		}
		return nil
	})
	if err != nil {
		return idempotency.Answer{}, err
	}
	return answer, nil
}

// replay returns the saved answer of a key, or idempotency.ErrReused.
func replay(use *idempotency.Use, r idempotency.Request) (idempotency.Answer, error) {
	if err := use.Check(r); err != nil {
		return idempotency.Answer{}, err
	}
	return idempotency.Answer{Content: use.Answer, Replayed: r.Replays(use.RequestID)}, nil
}

// The session that holds the lock uses the key. If the lock is taken, a new client is refused at once, so that it occupies no
// connection while the first request runs. A retried call waits for the lock, because the instance that handled it before may
// still be rolling back.
const (
	tryLock  = `SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))`
	waitLock = `SELECT true FROM pg_advisory_xact_lock(hashtextextended($1, 0))`
)

const selectRow = `SELECT fingerprint, request_id, answer FROM idempotent_requests WHERE caller = $1 AND method = $2 AND key = $3`

// lock locks the key until the transaction ends, and returns its row or nil. A statement of its own reads the row, so that it
// sees the commit of the lock's last holder.
func lock(ctx context.Context, tx pgx.Tx, r idempotency.Request) (known *idempotency.Use, err error) {
	batch := &pgx.Batch{}
	statement := tryLock
	if r.Retried {
		statement = waitLock
	}
	batch.Queue(statement, fmt.Sprintf("%q %q %q", r.Caller, r.Method, r.Key)).QueryRow(func(found pgx.Row) error {
		var ours bool
		if err := found.Scan(&ours); err != nil {
			return err
		}
		if !ours {
			return idempotency.ErrInProgress
		}
		return nil
	})
	batch.Queue(selectRow, r.Caller, r.Method, r.Key).QueryRow(func(found pgx.Row) error {
		var use idempotency.Use
		err := found.Scan(&use.Fingerprint, &use.RequestID, &use.Answer)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		known = &use
		return err
	})
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("look up an idempotency key: %w", err)
	}
	return known, nil
}

// sweepBatch is the number of rows deleted at a time, so that rows are locked only briefly.
const sweepBatch = 1000

const deleteOld = `
DELETE FROM idempotent_requests WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM idempotent_requests WHERE created_at < now() - $1::interval
    ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED))`

// Sweep deletes keys older than idempotency.KeepFor. Several replicas may run it at once.
func (k *Transaction) Sweep(ctx context.Context) error {
	return sweep(ctx, k.pool)
}

func sweep(ctx context.Context, pool *pgxpool.Pool) error {
	for {
		tag, err := pool.Exec(ctx, deleteOld, idempotency.KeepFor, sweepBatch)
		if err != nil {
			return fmt.Errorf("sweep idempotency keys: %w", err)
		}
		if tag.RowsAffected() < sweepBatch {
			return nil
		}
	}
}
