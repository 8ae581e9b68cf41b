package postgres_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
)

// holdOver inserts so many expired holds, of three of open's first thousand SKUs each.
func holdOver(t testing.TB, pool *pgxpool.Pool, holds int) {
	t.Helper()
	_, err := pool.Exec(t.Context(), `
		WITH due AS (
			INSERT INTO reservations (order_id, status, expires_at)
			SELECT gen_random_uuid(), 'held', now() - n * interval '1 ms' FROM generate_series(1, $1::int) AS n
			RETURNING order_id
		), lines AS (
			INSERT INTO reservation_lines (order_id, sku, quantity)
			SELECT order_id, 'SKU-' || lpad(((n * 7 + k * 331) % 1000)::text, 4, '0'), 1
			FROM (SELECT order_id, row_number() OVER () AS n FROM due) AS due CROSS JOIN generate_series(1, 3) AS k
			RETURNING sku, quantity
		)
		UPDATE levels SET reserved = reserved + pieces
		FROM (SELECT sku, sum(quantity) AS pieces FROM lines GROUP BY sku) AS held WHERE levels.sku = held.sku`, holds)
	if err != nil {
		t.Fatal(err)
	}
}

func TestOneSweepReleasesAllOverdueHolds(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	open(t, s, 1000, 100)
	holdOver(t, pool, 950)
	live := basket(1000, 3)
	if _, err := s.Reserve(t.Context(), live); err != nil {
		t.Fatal(err)
	}
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	var held, expired, reserved int
	err := pool.QueryRow(t.Context(), `SELECT count(*) FILTER (WHERE status = 'held'), count(*) FILTER (WHERE status = 'expired'),
		(SELECT sum(reserved) FROM levels) FROM reservations`).Scan(&held, &expired, &reserved)
	if err != nil || held != 1 || expired != 950 || reserved != 3 {
		t.Errorf("%d held, %d expired, %d pieces reserved, %v; want 1, 950 and 3", held, expired, reserved, err)
	}
	assertBooks(t, pool)
}

// BenchmarkSweep expires 10,000 holds at a time.
func BenchmarkSweep(b *testing.B) {
	pool := wide(b, 4)
	s := newService(pool)
	open(b, s, 1000, plenty)
	for b.Loop() {
		b.StopTimer()
		holdOver(b, pool, 10_000)
		b.StartTimer()
		if err := s.Sweep(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
