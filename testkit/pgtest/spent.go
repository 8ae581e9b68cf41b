package pgtest

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Spent is what work has cost in a database's own tables.
type Spent struct {
	// Rows were inserted, updated or deleted.
	Rows int64
	// Blocks of tables and indexes were read, from memory or from disk.
	Blocks int64
}

const selectSpent = `
SELECT (SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables)::bigint,
    (SELECT coalesce(sum(heap_blks_hit + heap_blks_read + coalesce(idx_blks_hit + idx_blks_read, 0)), 0)
        FROM pg_statio_user_tables)::bigint`

// Measure does work on a pool of one connection and returns what it has cost. Nobody else may use the database meanwhile.
func Measure(t testing.TB, pool *pgxpool.Pool, work func(single *pgxpool.Pool)) Spent {
	t.Helper()
	config := pool.Config()
	config.MaxConns, config.MinConns = 1, 0
	single, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer single.Close()
	read := func() (s Spent) {
		t.Helper()
		// PostgreSQL counts for each connection, and publishes the counts now and then or when told to.
		if _, err := single.Exec(t.Context(), "SELECT pg_stat_force_next_flush()"); err != nil {
			t.Fatal(err)
		}
		if err := single.QueryRow(t.Context(), selectSpent).Scan(&s.Rows, &s.Blocks); err != nil {
			t.Fatal(err)
		}
		return s
	}
	before := read()
	work(single)
	after := read()
	return Spent{Rows: after.Rows - before.Rows, Blocks: after.Blocks - before.Blocks}
}
