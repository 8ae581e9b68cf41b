package pgdb_test

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"souk/platform/pgdb"
	"souk/testkit/pgtest"
)

func TestANestedTransactionIsPartOfTheOuterOne(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, migrations)
	no := errors.New("no")
	add := func(tx pgx.Tx, n int) error {
		_, err := tx.Exec(t.Context(), `UPDATE accounts SET n = n + $1 WHERE name = 'a'`, n)
		return err
	}
	outer := func(end error) error {
		return pgdb.InTx(t.Context(), pool, func(tx pgx.Tx) error {
			ctx := pgdb.WithTx(t.Context(), tx)
			if err := pgdb.InTx(ctx, pool, func(tx pgx.Tx) error { return add(tx, 1) }); err != nil {
				return err
			}
			err := pgdb.InTx(ctx, pool, func(tx pgx.Tx) error { return errors.Join(add(tx, 10), no) })
			if !errors.Is(err, no) {
				t.Errorf("the inner transaction: %v", err)
			}
			return end
		})
	}
	if err := outer(no); !errors.Is(err, no) || sum(t, pool) != 0 {
		t.Errorf("rolled back: %v, sum %d, want 0", err, sum(t, pool))
	}
	if err := outer(nil); err != nil || sum(t, pool) != 1 {
		t.Errorf("committed: %v, sum %d; want 1, without what was rolled back within", err, sum(t, pool))
	}
}
