package pgdb

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// MeasureEvery is how often to measure what metrics tell of a database.
const MeasureEvery = 10 * time.Second

var (
	queueLength = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Name: "souk_job_waiting", Help: "Work in a queue of the database that is due and that no process has taken.",
	}, []string{"queue"})
	queueAge = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Name: "souk_job_oldest_age_seconds", Help: "How long the oldest work in a queue has been due without a process taking it. Work that failed is due anew, at a later time.",
	}, []string{"queue"})
)

// Queue is a queue of work in a database.
type Queue struct {
	Name string
	// SQL returns one row: how many pieces of work are due, and when the oldest of them was due, or NULL.
	SQL string
}

// Measure returns the work that measures a queue.
func (q Queue) Measure(pool *pgxpool.Pool) func(context.Context) error {
	return func(ctx context.Context) error {
		var waiting int64
		var oldest *time.Time
		if err := pool.QueryRow(ctx, q.SQL).Scan(&waiting, &oldest); err != nil {
			return fmt.Errorf("measure %s: %w", q.Name, err)
		}
		age := time.Duration(0)
		if oldest != nil {
			age = max(0, time.Since(*oldest))
		}
		queueLength.WithLabelValues(q.Name).Set(float64(waiting))
		queueAge.WithLabelValues(q.Name).Set(age.Seconds())
		return nil
	}
}
