package postgres_test

import (
	"testing"
	"time"
)

func TestOneSweepDeletesAllExpiredCarts(t *testing.T) {
	t.Parallel()
	s, pool, live := shop(t, 950)
	put(t, s, "", live, "A", 1)
	exec(t, pool, `UPDATE carts SET expires_at = now() - interval '1 s' WHERE id <> $1`, live)
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, lines := count(t, pool, `SELECT count(*) FROM carts`), count(t, pool, `SELECT count(*) FROM cart_lines`); n != 1 || lines != 1 {
		t.Errorf("%d carts with %d lines are left, want 1 with 1", n, lines)
	}
}

func TestTheSweepSkipsLockedCarts(t *testing.T) {
	t.Parallel()
	s, pool, _ := shop(t, 3)
	exec(t, pool, `UPDATE carts SET expires_at = now() - interval '1 s'`)
	busy, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = busy.Rollback(t.Context()) }()
	if _, err := busy.Exec(t.Context(), `SELECT FROM carts LIMIT 1 FOR NO KEY UPDATE`); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := count(t, pool, `SELECT count(*) FROM carts`); n != 1 {
		t.Errorf("%d carts are left after %v, want the busy one", n, time.Since(start))
	}
}
