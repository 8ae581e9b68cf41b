package postgres_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/testkit/pgtest"

	"souk/services/carts/internal/carts"
	"souk/services/carts/internal/postgres"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func setup(t *testing.T) (*carts.Service, *pgxpool.Pool) {
	t.Helper()
	pool := wide(t)
	return carts.New(postgres.New(pool)), pool
}

// crowd is the application name of wide's connections in PostgreSQL.
const crowd = "crowd"

// wide returns a pool with as many connections as the service has, on a new database, because pgtest's pools have only a few.
func wide(t testing.TB) *pgxpool.Pool {
	t.Helper()
	return open(t, pgtest.New(t, postgres.Migrations).Config())
}

// open opens another pool on the database of config.
func open(t testing.TB, config *pgxpool.Config) *pgxpool.Pool {
	t.Helper()
	config.MaxConns = 10
	config.ConnConfig.RuntimeParams["application_name"] = crowd
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// create creates a guest cart.
func create(t testing.TB, s *carts.Service) string {
	t.Helper()
	cart, err := s.Create(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	return cart.ID
}

func put(t testing.TB, s *carts.Service, caller, id, sku string, quantity int64) {
	t.Helper()
	if _, err := s.SetItem(t.Context(), caller, id, sku, quantity); err != nil {
		t.Fatal(err)
	}
}

func get(t testing.TB, s *carts.Service, caller, id string) carts.Cart {
	t.Helper()
	cart, err := s.Get(t.Context(), caller, id)
	if err != nil {
		t.Fatal(err)
	}
	return cart
}

// exec runs a statement.
func exec(t testing.TB, pool *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	if _, err := pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

func count(t testing.TB, pool *pgxpool.Pool, sql string) (n int) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// shop returns a database with n carts of three lines, and a guest cart among them.
func shop(t testing.TB, n int) (s *carts.Service, pool *pgxpool.Pool, id string) {
	t.Helper()
	pool = wide(t)
	exec(t, pool, `INSERT INTO carts (id, expires_at) SELECT gen_random_uuid(), now() + n * interval '1 s' + interval '1 day'
		FROM generate_series(1, $1::int) AS n`, n)
	exec(t, pool, `INSERT INTO cart_lines (cart_id, sku, quantity) SELECT id, 'SKU-' || n, n FROM carts, generate_series(1, 3) AS n`)
	exec(t, pool, `ANALYZE`)
	s = carts.New(postgres.New(pool))
	return s, pool, create(t, s)
}

func newID() string { return uuid.NewString() }
