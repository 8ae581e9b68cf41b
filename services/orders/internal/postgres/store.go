// Package postgres is responsible for keeping orders in PostgreSQL: the orders with their lines and
// timelines, and the idempotency keys. The durable jobs live in the same database, so that an order and
// the job that finishes it are saved together or not at all.
package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/services/orders/internal/orders"
)

// Jobs are the durable jobs that finish orders. All of it happens in the caller's transaction.
type Jobs interface {
	// Start adds a job for an order, for later, and returns its id.
	Start(ctx context.Context, tx pgx.Tx, orderID string) (int64, error)
	// End removes a job. One that is running right now ends by itself, since nothing is left to do.
	End(ctx context.Context, tx pgx.Tx, id int64) error
	// Hurry makes a job run soon.
	Hurry(ctx context.Context, tx pgx.Tx, id int64) error
}

// Store implements orders.Store and orders.TicketStore.
type Store struct {
	pool *pgxpool.Pool
	jobs Jobs
}

var (
	_ orders.Store       = (*Store)(nil)
	_ orders.TicketStore = (*Store)(nil)
)

// New returns a store on a database that has been migrated.
func New(pool *pgxpool.Pool, jobs Jobs) *Store {
	return &Store{pool: pool, jobs: jobs}
}

// schedule gives r the job that it needs, or takes away the one that it no longer needs.
func (s *Store) schedule(ctx context.Context, tx pgx.Tx, r *orders.Record) error {
	var err error
	needed := r.Task() != orders.TaskNone
	switch {
	case needed && r.JobID == 0:
		r.JobID, err = s.jobs.Start(ctx, tx, r.ID)
	case !needed && r.JobID != 0:
		err = s.jobs.End(ctx, tx, r.JobID)
		r.JobID = 0
	}
	return err
}
