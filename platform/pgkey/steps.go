package pgkey

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/idempotency"
	"souk/platform/identifier"
)

// Steps keeps the keys of work that is more than one transaction, for example because it calls other services. The work must be
// repeatable: dispatching an order twice, for example, has the same effect as dispatching it once. So a request that finds its
// key without an answer does the work again, because the earlier request may have died. If several requests do the work, all
// get the first answer saved.
type Steps struct {
	pool *pgxpool.Pool
}

// NewSteps returns keepers on a database with the table.
func NewSteps(pool *pgxpool.Pool) *Steps {
	return &Steps{pool: pool}
}

// About returns a keeper for requests that change the subject with this ID, for example an order. The ID is saved with the
// answer, so that the answer can be erased together with the subject. An ID that is not a UUID is not saved, because it
// identifies nothing.
func (s *Steps) About(id string) idempotency.Keeper {
	if !identifier.Valid(id) {
		id = ""
	}
	return &steps{pool: s.pool, subject: id}
}

type steps struct {
	pool    *pgxpool.Pool
	subject string
}

// Do implements idempotency.Keeper. It never returns idempotency.ErrInProgress.
func (s *steps) Do(ctx context.Context, r idempotency.Request, work func(context.Context) ([]byte, error)) (idempotency.Answer, error) {
	use, first, err := s.claim(ctx, r)
	if err != nil {
		return idempotency.Answer{}, fmt.Errorf("claim an idempotency key: %w", err)
	}
	if err := use.Check(r); err != nil {
		return idempotency.Answer{}, err
	}
	if use.Answer != nil {
		return replay(use, r)
	}
	content, err := work(ctx)
	if err != nil {
		if freeErr := s.free(ctx, r); freeErr != nil {
			err = errors.Join(err, freeErr)
		}
		return idempotency.Answer{}, err
	}
	content, err = s.answer(ctx, r, content)
	if err != nil {
		return idempotency.Answer{}, err
	}
	return idempotency.Answer{Content: content, Replayed: !first && r.Replays(use.RequestID)}, nil
}

const insertUnlessClaimed = insertClaim + ` ON CONFLICT DO NOTHING`

// claim saves the key for r unless it is already used. It returns the key's use, and whether r is the first to use it.
func (s *steps) claim(ctx context.Context, r idempotency.Request) (use *idempotency.Use, first bool, err error) {
	batch := &pgx.Batch{}
	batch.Queue(insertUnlessClaimed, r.Caller, r.Method, r.Key, r.Fingerprint, r.RequestID, s.subject).Exec(func(tag pgconn.CommandTag) error {
		first = tag.RowsAffected() == 1
		return nil
	})
	Find(batch, r, &use)
	if err := s.pool.SendBatch(ctx, batch).Close(); err != nil {
		return nil, false, err
	}
	if use == nil { // another request freed the key in between
		return s.claim(ctx, r)
	}
	return use, first, nil
}

const upsertAnswer = `
INSERT INTO idempotent_requests AS known (caller, method, key, fingerprint, request_id, subject, answer)
VALUES ($1, $2, $3, $4, $5, nullif($6, '')::uuid, $7)
ON CONFLICT (caller, method, key) DO UPDATE SET answer = coalesce(known.answer, excluded.answer)
RETURNING answer`

// answer saves the answer unless there is one already, and returns the saved one.
func (s *steps) answer(ctx context.Context, r idempotency.Request, content []byte) (standing []byte, err error) {
	content = append([]byte{}, content...) // because a nil slice would be saved as NULL
	err = s.pool.QueryRow(ctx, upsertAnswer, r.Caller, r.Method, r.Key, r.Fingerprint, r.RequestID, s.subject, content).Scan(&standing)
	if err != nil {
		return nil, fmt.Errorf("save the answer to an idempotency key: %w", err)
	}
	return standing, nil
}

// The time limit for freeing a key. It does not depend on the caller's context, because the caller may have left.
const freeTime = time.Second

// free deletes the key of a refused request, so that another request can use it.
func (s *steps) free(ctx context.Context, r idempotency.Request) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), freeTime)
	defer cancel()
	_, err := s.pool.Exec(ctx, `DELETE FROM idempotent_requests WHERE caller = $1 AND method = $2 AND key = $3 AND answer IS NULL`, r.Caller, r.Method, r.Key)
	if err != nil {
		return fmt.Errorf("free an idempotency key: %w", err)
	}
	return nil
}
