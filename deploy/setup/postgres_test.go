package setup_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"souk/deploy/setup"
	"souk/testkit/devserver"
)

var quiet = slog.New(slog.DiscardHandler)

// server starts a PostgreSQL of the test's own, with the database of orders on it that is yet to be prepared. It returns the
// server's log file too.
func server(t *testing.T) (db setup.Database, log string) {
	t.Helper()
	log = filepath.Join(t.TempDir(), "postgres.log")
	postgres, err := devserver.StartPostgres(t.Context(), devserver.PostgresConfig{Dir: t.TempDir(), Fast: true, LogFile: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = postgres.Remove(context.Background()) })
	run(t, postgres.AdminURL(), `CREATE DATABASE orders`, `ALTER ROLE postgres PASSWORD 'of the superuser'`)
	db = setup.Database{
		Addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(postgres.Port())), Service: "orders",
		Password: `it's %s "quoted" \`, Superuser: "of the superuser",
	}
	return db, log
}

func open(t *testing.T, address string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func run(t *testing.T, address string, statements ...string) {
	t.Helper()
	conn := open(t, address)
	for _, statement := range statements {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	_ = conn.Close(t.Context())
}

// address is where a role finds the database.
func address(db setup.Database, role, password string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(role, password), Host: db.Addr, Path: db.Service}
	return u.String()
}

// prepare prepares the database, twice.
func prepare(t *testing.T, db setup.Database) {
	t.Helper()
	for range 2 {
		if err := setup.PreparePostgres(t.Context(), quiet, db); err != nil {
			t.Fatal(err)
		}
	}
}

// powers are what a role can have beyond its own database.
func powers(t *testing.T, conn *pgx.Conn, role string) string {
	t.Helper()
	var all string
	err := conn.QueryRow(t.Context(), `SELECT concat_ws(' ', rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls,
		(SELECT count(*) FROM pg_auth_members WHERE member = pg_roles.oid)) FROM pg_roles WHERE rolname = $1`, role).Scan(&all)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

const powerless = "f f f f f 0"

func TestAServiceOwnsItsDatabaseAndIsNoSuperuser(t *testing.T) {
	t.Parallel()
	db, _ := server(t)
	prepare(t, db)
	orders := open(t, address(db, "orders", string(db.Password)))
	if got := powers(t, orders, "orders"); got != powerless {
		t.Errorf("superuser and so on: %s", got)
	}
	for _, statement := range []string{
		`CREATE EXTENSION pg_trgm`, `CREATE EXTENSION unaccent`, `CREATE SCHEMA simulator`, `CREATE TABLE orders (id bigint)`,
	} {
		if _, err := orders.Exec(t.Context(), statement); err != nil {
			t.Errorf("%s: %v", statement, err)
		}
	}
	for _, statement := range []string{`CREATE ROLE another`, `CREATE DATABASE another`, `COPY orders FROM PROGRAM 'id'`, `SELECT pg_read_file('PG_VERSION')`} {
		if _, err := orders.Exec(t.Context(), statement); err == nil {
			t.Errorf("%s was allowed", statement)
		}
	}
	another := db
	another.Service = "postgres"
	if conn, err := pgx.Connect(t.Context(), address(another, "orders", string(db.Password))); err == nil {
		_ = conn.Close(t.Context())
		t.Error("orders opens another database than its own")
	}
}

func TestADatabaseTakesTheNewPasswordOfItsService(t *testing.T) {
	t.Parallel()
	db, _ := server(t)
	prepare(t, db)
	old := address(db, "orders", string(db.Password))
	db.Password = "changed"
	prepare(t, db)
	open(t, address(db, "orders", "changed"))
	if conn, err := pgx.Connect(t.Context(), old); err == nil {
		_ = conn.Close(t.Context())
		t.Error("the old password still opens it")
	}
}

// lived is a database in which services made one of everything that they can make.
var lived = []string{
	`CREATE EXTENSION pg_trgm`, `CREATE SCHEMA simulator`, `CREATE TYPE status AS ENUM ('open', 'done')`, `CREATE DOMAIN cents AS bigint CHECK (VALUE >= 0)`,
	`CREATE TYPE pair AS (a int, b int)`, `CREATE TYPE span AS RANGE (subtype = int)`,
	`CREATE TABLE orders (id bigserial PRIMARY KEY, number bigint GENERATED ALWAYS AS IDENTITY, status status, total cents, title text)`,
	`CREATE INDEX ON orders USING gin (title gin_trgm_ops)`, `CREATE TABLE simulator.tries (id int)`, `CREATE SEQUENCE free`,
	`CREATE TABLE parts (id int) PARTITION BY RANGE (id)`, `CREATE TABLE part PARTITION OF parts DEFAULT`,
	`CREATE VIEW open AS SELECT * FROM orders WHERE status = 'open'`, `CREATE MATERIALIZED VIEW sums AS SELECT sum(total) FROM orders`,
	`CREATE FUNCTION one(text, int) RETURNS int LANGUAGE sql AS 'SELECT 1'`, `CREATE PROCEDURE nothing() LANGUAGE sql AS 'SELECT 1'`,
	`INSERT INTO orders (status, total, title) VALUES ('open', 1250, 'a mug')`,
}

// ofEarlierVersion makes the server one whose superuser is orders, as PostgreSQL's image did when told POSTGRES_USER=orders.
func ofEarlierVersion(t *testing.T, db setup.Database) string {
	t.Helper()
	run(t, address(db, "postgres", string(db.Superuser)), `CREATE ROLE passing SUPERUSER LOGIN PASSWORD 'passing'`)
	run(t, address(db, "passing", "passing"), `ALTER ROLE postgres RENAME TO orders`, `ALTER DATABASE orders OWNER TO orders`,
		fmt.Sprintf(`ALTER ROLE orders PASSWORD '%s'`, strings.ReplaceAll(string(db.Password), "'", "''")))
	orders := address(db, "orders", string(db.Password))
	run(t, orders, append([]string{`DROP ROLE passing`}, lived...)...)
	return orders
}

func TestADatabaseOfAnEarlierVersionIsHandedOver(t *testing.T) {
	t.Parallel()
	db, _ := server(t)
	earlier := ofEarlierVersion(t, db)
	before := open(t, earlier)
	prepare(t, db)
	orders := open(t, address(db, "orders", string(db.Password)))
	if got := powers(t, orders, "orders"); got != powerless {
		t.Errorf("superuser and so on: %s", got)
	}
	var left []string
	err := orders.QueryRow(t.Context(), `SELECT array_agg(name) FROM (
		SELECT oid::regclass::text AS name FROM pg_class WHERE relowner <> 'orders'::regrole AND relnamespace IN ('public'::regnamespace, 'simulator'::regnamespace)
		UNION ALL SELECT typname FROM pg_type WHERE typowner <> 'orders'::regrole AND typname IN ('status', 'cents', 'pair', 'span', 'orders', '_status')
		UNION ALL SELECT proname FROM pg_proc WHERE proowner <> 'orders'::regrole AND proname IN ('one', 'nothing')
		UNION ALL SELECT nspname FROM pg_namespace WHERE nspowner <> 'orders'::regrole AND nspname = 'simulator') AS others`).Scan(&left)
	if err != nil || left != nil {
		t.Errorf("another's are %v, %v", left, err)
	}
	for _, statement := range []string{
		`CREATE EXTENSION IF NOT EXISTS pg_trgm`, `INSERT INTO orders (status, total, title) VALUES ('done', 1, 'a plate')`,
		`ALTER TABLE orders ADD COLUMN note text`, `DROP FUNCTION one(text, int)`, `REFRESH MATERIALIZED VIEW sums`, `DROP TABLE parts`,
	} {
		if _, err := orders.Exec(t.Context(), statement); err != nil {
			t.Errorf("%s: %v", statement, err)
		}
	}
	// A service of the version before goes on until it is replaced, with the password that it knows.
	if _, err := before.Exec(t.Context(), `SELECT * FROM orders`); err != nil {
		t.Errorf("a session from before: %v", err)
	}
	var roles []string
	if err := orders.QueryRow(t.Context(), `SELECT array_agg(rolname::text) FROM pg_roles WHERE rolsuper`).Scan(&roles); err != nil || len(roles) != 1 {
		t.Errorf("superusers are %v, %v", roles, err)
	}
}

func TestAServerOfSomebodyElsesIsLeftAlone(t *testing.T) {
	t.Parallel()
	db, _ := server(t)
	prepare(t, db)
	db.Superuser = "something else"
	if err := setup.PreparePostgres(t.Context(), quiet, db); err == nil || !strings.Contains(err.Error(), "knows neither") {
		t.Errorf("%v", err)
	}
}

func TestNoPasswordIsInTheServersLog(t *testing.T) {
	t.Parallel()
	db, logFile := server(t)
	run(t, address(db, "postgres", string(db.Superuser)), `ALTER SYSTEM SET log_statement = 'all'`, `ALTER SYSTEM SET log_min_duration_statement = 0`, `SELECT pg_reload_conf()`)
	prepare(t, db)
	run(t, address(db, "orders", string(db.Password)), `SELECT 'a statement that is logged'`)
	log, err := os.ReadFile(logFile)
	if err != nil || !bytes.Contains(log, []byte("that is logged")) {
		t.Fatalf("%d bytes, %v", len(log), err)
	}
	if bytes.Contains(log, []byte("quoted")) {
		t.Errorf("logged: %s", log)
	}
}
