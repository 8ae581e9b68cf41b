package job_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/pgdb"
	"souk/platform/pgtest"

	"souk/services/orders/internal/job"
	"souk/services/orders/internal/postgres"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func setup(t *testing.T, delay time.Duration) (*pgxpool.Pool, *job.Queue) {
	t.Helper()
	pool := pgtest.New(t, postgres.Migrations)
	if err := job.Migrate(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	queue, err := job.NewQueue(pool, delay, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return pool, queue
}

// inTx runs fn in a transaction that must commit.
func inTx(t *testing.T, pool *pgxpool.Pool, fn func(tx pgx.Tx) error) {
	t.Helper()
	if err := pgdb.InTx(t.Context(), pool, fn); err != nil {
		t.Fatal(err)
	}
}

func start(t *testing.T, pool *pgxpool.Pool, queue *job.Queue, orderID string) (id int64) {
	t.Helper()
	inTx(t, pool, func(tx pgx.Tx) (err error) { id, err = queue.Start(t.Context(), tx, orderID); return err })
	return id
}

func run(t *testing.T, pool *pgxpool.Pool, advance job.Advance) (stop func()) {
	t.Helper()
	runner, err := job.NewRunner(pool, advance, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := runner.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	stop = func() { cancel(); running.Wait() }
	t.Cleanup(stop)
	return stop
}

func TestAJobWaitsUnlessItIsHurriedOrEnded(t *testing.T) {
	t.Parallel()
	pool, queue := setup(t, time.Hour)
	start(t, pool, queue, "waits")
	hurried := start(t, pool, queue, "hurried")
	ended := start(t, pool, queue, "ended")
	inTx(t, pool, func(tx pgx.Tx) error { return queue.Hurry(t.Context(), tx, ended) })
	for range 2 { // the second time it is gone
		inTx(t, pool, func(tx pgx.Tx) error { return queue.End(t.Context(), tx, ended) })
	}
	inTx(t, pool, func(tx pgx.Tx) error { return queue.Hurry(t.Context(), tx, hurried) })
	ran := make(chan string, 10)
	run(t, pool, func(_ context.Context, orderID string) error { ran <- orderID; return nil })
	if first := <-ran; first != "hurried" {
		t.Errorf("%s ran", first)
	}
	select {
	case next := <-ran:
		t.Errorf("%s ran as well", next)
	case <-time.After(1500 * time.Millisecond): // more than one look at the queue
	}
}

func TestAJobStartedInATransactionThatFailsNeverWas(t *testing.T) {
	t.Parallel()
	pool, queue := setup(t, 0)
	failure := errors.New("no")
	err := pgdb.InTx(t.Context(), pool, func(tx pgx.Tx) error {
		if _, err := queue.Start(t.Context(), tx, "never"); err != nil {
			return err
		}
		return failure
	})
	var jobs int
	if scanErr := pool.QueryRow(t.Context(), "SELECT count(*) FROM river_job").Scan(&jobs); scanErr != nil || !errors.Is(err, failure) || jobs != 0 {
		t.Errorf("%d jobs, %v, %v", jobs, err, scanErr)
	}
}

func TestARunningJobIsNeitherEndedNorHurried(t *testing.T) {
	t.Parallel()
	pool, queue := setup(t, 0)
	id := start(t, pool, queue, "running")
	begun, finish := make(chan bool), make(chan bool)
	stop := run(t, pool, func(context.Context, string) error { begun <- true; <-finish; return nil })
	<-begun
	inTx(t, pool, func(tx pgx.Tx) error {
		return errors.Join(queue.Hurry(t.Context(), tx, id), queue.End(t.Context(), tx, id))
	})
	close(finish)
	stop() // waits for it
	var state string
	if err := pool.QueryRow(t.Context(), "SELECT state FROM river_job WHERE id = $1", id).Scan(&state); err != nil || state != "completed" {
		t.Errorf("job is %q, %v, want completed", state, err)
	}
}

func TestReplicasMigrateTogether(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, postgres.Migrations)
	var replicas sync.WaitGroup
	for range 3 {
		replicas.Go(func() {
			if err := job.Migrate(t.Context(), pool); err != nil {
				t.Error(err)
			}
		})
	}
	replicas.Wait()
}
