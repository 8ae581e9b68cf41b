package chaos

import (
	"context"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"souk/e2e/faultproxy"
)

// meter reads what a shop has spent.
type meter struct {
	proxies map[string]*faultproxy.Proxy
	// A connection as payments, which may see the card network's books.
	db *pgx.Conn
}

// reading is what was spent, since the start or between two readings.
type reading struct {
	calls        map[string]int   // gRPC, by method
	xids         int64            // PostgreSQL's transactions that wrote something, in all databases
	cards        int64            // those of them that the card network's books took
	transactions map[string]int64 // all of PostgreSQL's, by database, as far as it has counted them
	took         time.Duration
}

func newMeter(t *testing.T, a *auditedShop) *meter {
	t.Helper()
	db, err := pgx.Connect(t.Context(), a.DatabaseURL("payments", "payments"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.WithoutCancel(t.Context())) })
	return &meter{proxies: a.proxies, db: db}
}

// during returns what work has cost.
func (m *meter) during(t *testing.T, work func()) reading {
	t.Helper()
	before, start := m.read(t), time.Now()
	work()
	took := time.Since(start)
	spent := m.read(t).minus(before)
	spent.took = took
	return spent
}

func (m *meter) read(t *testing.T) reading {
	t.Helper()
	r := reading{calls: map[string]int{}, transactions: map[string]int64{}}
	for _, proxy := range m.proxies {
		maps.Copy(r.calls, proxy.Calls())
	}
	// Keys are fetched, and changes are watched, whatever is bought.
	maps.DeleteFunc(r.calls, func(method string, _ int) bool {
		return strings.HasPrefix(method, "/souk.access.") || strings.Contains(method, "/Watch")
	})
	// A card is a row, and a transaction, of its own.
	err := m.db.QueryRow(t.Context(), `SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
		(SELECT count(*) FROM simulator.authorizations)`).Scan(&r.xids, &r.cards)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := m.db.Query(t.Context(), `SELECT datname, xact_commit FROM pg_stat_database WHERE datname IS NOT NULL`)
	if err != nil {
		t.Fatal(err)
	}
	var database string
	var commits int64
	_, err = pgx.ForEachRow(rows, []any{&database, &commits}, func() error {
		r.transactions[database] = commits
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r reading) minus(earlier reading) reading {
	return reading{
		calls: add(r.calls, earlier.calls, -1), transactions: add(r.transactions, earlier.transactions, -1),
		xids: r.xids - earlier.xids, cards: r.cards - earlier.cards, took: r.took - earlier.took,
	}
}

func (r reading) plus(other reading) reading {
	return reading{
		calls: add(r.calls, other.calls, 1), transactions: add(r.transactions, other.transactions, 1),
		xids: r.xids + other.xids, cards: r.cards + other.cards, took: r.took + other.took,
	}
}

// add is a with sign times b added to it, by name.
func add[N int | int64](a, b map[string]N, sign N) map[string]N {
	total := map[string]N{}
	maps.Copy(total, a)
	for name, n := range b {
		total[name] += sign * n
	}
	return total
}
