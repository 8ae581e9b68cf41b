package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"
)

// Queue puts jobs in and takes them out. It runs none.
type Queue struct {
	client *river.Client[pgx.Tx]
	delay  time.Duration
}

// NewQueue returns a queue whose new jobs wait for delay before they run, so that they normally never do.
func NewQueue(pool *pgxpool.Pool, delay time.Duration, logger *slog.Logger) (*Queue, error) {
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
		Logger: logger,
		Hooks:  []rivertype.Hook{&dueWithoutLeader{}},
	})
	if err != nil {
		return nil, fmt.Errorf("new job queue: %w", err)
	}
	return &Queue{client: client, delay: delay}, nil
}

// Start adds a job for an order in tx and returns its id. A job that keeps failing is tried for ever:
// every order must reach an end.
func (q *Queue) Start(ctx context.Context, tx pgx.Tx, orderID string) (int64, error) {
	result, err := q.client.InsertTx(ctx, tx, Args{OrderID: orderID}, &river.InsertOpts{
		ScheduledAt: time.Now().Add(q.delay), MaxAttempts: math.MaxInt16,
	})
	if err != nil {
		return 0, fmt.Errorf("start job: %w", err)
	}
	return result.Job.ID, nil
}

// End removes a job in tx. One that runs right now is left to find that nothing is left to do, and one
// that is gone is no error.
func (q *Queue) End(ctx context.Context, tx pgx.Tx, id int64) error {
	_, err := q.client.JobDeleteTx(ctx, tx, id)
	if err != nil && !errors.Is(err, rivertype.ErrJobRunning) && !errors.Is(err, rivertype.ErrNotFound) {
		return fmt.Errorf("end job %d: %w", id, err)
	}
	return nil
}

// Hurry makes a job in tx due now. One that runs already, or is gone, is no error.
func (q *Queue) Hurry(ctx context.Context, tx pgx.Tx, id int64) error {
	_, err := q.client.JobRetryTx(ctx, tx, id)
	if err != nil && !errors.Is(err, rivertype.ErrNotFound) {
		return fmt.Errorf("hurry job %d: %w", id, err)
	}
	return nil
}

// dueWithoutLeader inserts jobs for later as available from then on, rather than as scheduled. Scheduled
// jobs wait for River's elected leader to make them available, and the lease of a leader that was killed
// takes 15 seconds to run out; available ones are taken by whoever runs, when they are due.
type dueWithoutLeader struct {
	river.HookDefaults
}

// InsertBegin implements rivertype.HookInsertBegin.
func (*dueWithoutLeader) InsertBegin(_ context.Context, params *rivertype.JobInsertParams) error {
	if params.State == rivertype.JobStateScheduled {
		params.State = rivertype.JobStateAvailable
	}
	return nil
}
