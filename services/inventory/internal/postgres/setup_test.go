package postgres_test

import (
	"errors"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/testkit/pgtest"

	"souk/services/inventory/internal/inventory"
	"souk/services/inventory/internal/postgres"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func setup(t *testing.T) (*inventory.Service, *pgxpool.Pool) {
	t.Helper()
	pool := pgtest.New(t, postgres.Migrations)
	return newService(pool), pool
}

func newService(pool *pgxpool.Pool) *inventory.Service {
	return inventory.New(postgres.New(pool))
}

// crowd is the application name of wide's connections in PostgreSQL.
const crowd = "crowd"

// wide returns a pool with so many connections on a new database, because pgtest's pools have only a few.
func wide(t testing.TB, conns int32) *pgxpool.Pool {
	t.Helper()
	config := pgtest.New(t, postgres.Migrations).Config()
	config.MaxConns = conns
	config.ConnConfig.RuntimeParams["application_name"] = crowd
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// rounds returns how often to run a race: SOUK_ROUNDS, or few by default.
func rounds(t *testing.T, few int) int {
	t.Helper()
	setting := os.Getenv("SOUK_ROUNDS")
	if setting == "" {
		return few
	}
	n, err := strconv.Atoi(setting)
	if err != nil || n < 1 {
		t.Fatalf("SOUK_ROUNDS=%q, want a number", setting)
	}
	return n
}

func reservation(lines ...inventory.Line) inventory.Reservation {
	return inventory.Reservation{OrderID: uuid.NewString(), Lines: lines, HoldFor: time.Minute}
}

func stock(t testing.TB, s *inventory.Service, sku string, quantity int64) {
	t.Helper()
	if _, err := s.Adjust(t.Context(), inventory.Adjustment{SKU: sku, Delta: quantity, Reason: "delivery"}); err != nil {
		t.Fatal(err)
	}
}

func level(t *testing.T, s *inventory.Service, sku string) inventory.Level {
	t.Helper()
	levels, err := s.Levels(t.Context(), []string{sku})
	if err != nil || len(levels) != 1 {
		t.Fatalf("Levels(%s) = %v, %v", sku, levels, err)
	}
	return levels[0]
}

// buy reserves and commits lines, and returns the order.
func buy(t *testing.T, s *inventory.Service, lines ...inventory.Line) string {
	t.Helper()
	r := reservation(lines...)
	if _, err := s.Reserve(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), r.OrderID); err != nil {
		t.Fatal(err)
	}
	return r.OrderID
}

func isShort(err error) bool {
	var short *inventory.ShortageError
	return errors.As(err, &short)
}

func endHold(t *testing.T, pool *pgxpool.Pool, orderID string) {
	t.Helper()
	if _, err := pool.Exec(t.Context(), `UPDATE reservations SET expires_at = now() - interval '1 s' WHERE order_id = $1`, orderID); err != nil {
		t.Fatal(err)
	}
}

// assertBooks checks the invariants of every SKU: the ledger adds up to the stock on hand, the held reservations add up to the
// reserved stock, and an order's ledger entries add up to what it bought and did not return.
func assertBooks(t testing.TB, pool *pgxpool.Pool) {
	t.Helper()
	var onHand, reserved, orders int
	err := pool.QueryRow(t.Context(), `SELECT
		(SELECT count(*) FROM levels l WHERE on_hand <>
			(SELECT coalesce(sum(delta), 0) FROM stock_entries e WHERE e.sku = l.sku)),
		(SELECT count(*) FROM levels l WHERE reserved <>
			(SELECT coalesce(sum(quantity), 0) FROM reservation_lines JOIN reservations USING (order_id)
			WHERE sku = l.sku AND status = 'held')),
		(SELECT count(*) FROM reservation_lines l JOIN reservations r USING (order_id)
			LEFT JOIN (SELECT order_id, sku, sum(delta) AS pieces FROM stock_entries GROUP BY order_id, sku) e USING (order_id, sku)
			WHERE CASE status WHEN 'committed' THEN returned - quantity ELSE 0 END <> coalesce(pieces, 0))`).
		Scan(&onHand, &reserved, &orders)
	if err != nil || onHand != 0 || reserved != 0 || orders != 0 {
		t.Errorf("%d SKUs differ from the ledger, %d from what is held, %d lines from their orders, %v", onHand, reserved, orders, err)
	}
}

// assertNoDeadlocks closes a pool from wide, because PostgreSQL publishes a session's statistics when it ends.
func assertNoDeadlocks(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	conn := pgtest.CloseAndConnect(t, pool)
	var deadlocks int
	err := conn.QueryRow(t.Context(), `SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`).Scan(&deadlocks)
	if err != nil || deadlocks != 0 {
		t.Errorf("%d deadlocks, %v", deadlocks, err)
	}
}

// inReplica runs a statement as the superuser without foreign key checks, because these take most of the time of filling a
// table.
func inReplica(t *testing.T, pool *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	config, err := pgx.ParseConfig(os.Getenv(pgtest.Variable))
	if err != nil {
		t.Fatal(err)
	}
	config.Database = pool.Config().ConnConfig.Database
	config.RuntimeParams["session_replication_role"] = "replica"
	admin, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = admin.Close(t.Context()) }()
	if _, err := admin.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}
