package job

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"
)

const (
	workers = 20
	// A run of a job may take this long.
	runTime = 8 * time.Second
	// A job that has run for longer belongs to a process that died, and is run again.
	rescueAfter = 10 * time.Second
	// RescueEvery is how often such jobs are to be looked for.
	RescueEvery = time.Second
	// A process that stops gives its jobs this long before it cancels them.
	stopTime = 5 * time.Second
	// Finished jobs are kept for a look at what happened.
	keepFinished = time.Hour

	leastWait = time.Second
	mostWait  = 15 * time.Second
)

// Advance moves an order on; an error means that work is left.
type Advance func(ctx context.Context, orderID string) error

// Runner runs jobs.
type Runner struct {
	client *river.Client[pgx.Tx]
	pool   *pgxpool.Pool
	logger *slog.Logger
}

// NewRunner returns a runner that moves orders on with advance.
func NewRunner(pool *pgxpool.Pool, advance Advance, logger *slog.Logger) (*Runner, error) {
	registered := river.NewWorkers()
	river.AddWorker(registered, &worker{advance: advance, logger: logger})
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
		Logger:                      logger,
		Queues:                      map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: workers}},
		Workers:                     registered,
		FetchPollInterval:           time.Second,
		JobTimeout:                  runTime,
		RescueStuckJobsAfter:        rescueAfter,
		RetryPolicy:                 retryPolicy{},
		SoftStopTimeout:             stopTime,
		CompletedJobRetentionPeriod: keepFinished,
	})
	if err != nil {
		return nil, fmt.Errorf("new job runner: %w", err)
	}
	return &Runner{client: client, pool: pool, logger: logger}, nil
}

// Run runs jobs until ctx is done and the jobs under way have ended.
func (r *Runner) Run(ctx context.Context) error {
	if err := r.client.Start(ctx); err != nil {
		return fmt.Errorf("run jobs: %w", err)
	}
	<-r.client.Stopped()
	return nil
}

// River rescues such jobs as well, but its elected leader looks for them every 30 seconds only, and a leader that
// was killed is replaced after 15. What a job does may be done by several at once, so nobody needs to be elected.
const rescueStuck = `
UPDATE river_job SET state = 'available', scheduled_at = now()
WHERE state = 'running' AND kind = $1 AND attempted_at < now() - $2::interval`

// Rescue makes the jobs of processes that died available again.
func (r *Runner) Rescue(ctx context.Context) error {
	tag, err := r.pool.Exec(ctx, rescueStuck, Args{}.Kind(), rescueAfter)
	if err != nil {
		return fmt.Errorf("rescue jobs: %w", err)
	}
	if n := tag.RowsAffected(); n > 0 {
		r.logger.InfoContext(ctx, "jobs rescued", "count", n)
	}
	return nil
}

type worker struct {
	river.WorkerDefaults[Args]
	advance Advance
	logger  *slog.Logger
}

// Work implements river.Worker. Work that is left is no failure of the job: the job comes back for it.
func (w *worker) Work(ctx context.Context, job *river.Job[Args]) error {
	err := w.advance(ctx, job.Args.OrderID)
	if err == nil {
		return nil
	}
	wait := backoff(time.Since(job.CreatedAt))
	w.logger.WarnContext(ctx, "order waits", "order_id", job.Args.OrderID, "wait", wait, "error", err)
	return river.JobSnooze(wait)
}

// backoff is how long to wait with a job of that age: an eighth of it, within bounds.
func backoff(age time.Duration) time.Duration {
	return min(max(age/8, leastWait), mostWait)
}

// retryPolicy is for jobs that panicked or whose process died.
type retryPolicy struct{}

// NextRetry implements river.ClientRetryPolicy.
func (retryPolicy) NextRetry(job *rivertype.JobRow) time.Time {
	return time.Now().Add(backoff(time.Since(job.CreatedAt)))
}
