package pgaudit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/audit"
	"souk/platform/pgaudit"
	"souk/platform/pgdb"
	"souk/platform/security"
	"souk/testkit/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// migrationsOf returns the migration of each service that has a log in PostgreSQL.
func migrationsOf(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("../../services/*/internal/postgres/migrations/*_audit.sql")
	if err != nil || len(files) < 5 {
		t.Fatalf("%v, %v", files, err)
	}
	found := map[string][]byte{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found[strings.Split(filepath.ToSlash(file), "/")[3]] = text
	}
	return found
}

func setup(t *testing.T) *pgxpool.Pool {
	t.Helper()
	return pgtest.New(t, fstest.MapFS{"00001_audit.sql": {Data: migrationsOf(t)["inventory"]}})
}

func TestEveryServiceHasTheSameTable(t *testing.T) {
	t.Parallel()
	all := migrationsOf(t)
	for service, text := range all {
		if !bytes.Equal(text, all["inventory"]) {
			t.Errorf("the migration of %s differs from that of inventory", service)
		}
	}
}

func sale(subject string) audit.Entry {
	return audit.Entry{Action: audit.StockSold, Kind: audit.Order, Subject: subject, Detail: map[string]string{"pieces": "2"}}
}

func write(t *testing.T, ctx context.Context, pool *pgxpool.Pool, entries ...audit.Entry) {
	t.Helper()
	if err := pgaudit.Write(ctx, pool, entries...); err != nil {
		t.Fatal(err)
	}
}

func list(t *testing.T, pool *pgxpool.Pool, f audit.Filter) []audit.Record {
	t.Helper()
	if f.Limit == 0 {
		f.Limit = 1000
	}
	page, more, err := pgaudit.New(pool).List(t.Context(), f)
	if err != nil || more {
		t.Fatalf("more: %t, %v", more, err)
	}
	return page
}

func TestAnEntryTellsWhoChangedWhatWhenAndFromWhere(t *testing.T) {
	t.Parallel()
	pool := setup(t)
	ctx := security.With(t.Context(), nil, "request-1")
	ctx = security.WithActor(ctx, security.Actor{Customer: "ada", Staff: true, Service: "gateway", Address: "192.0.2.1/32"})
	before := time.Now().Add(-time.Minute)
	write(t, ctx, pool, sale("o1"))
	got := list(t, pool, audit.Filter{})
	if len(got) != 1 {
		t.Fatalf("%d records", len(got))
	}
	r := got[0]
	if r.Actor != (audit.Actor{Kind: audit.Staff, ID: "ada", Service: "gateway", Address: "192.0.2.1/32"}) || r.RequestID != "request-1" {
		t.Errorf("%+v", r)
	}
	if r.Action != audit.StockSold || r.Kind != audit.Order || r.Subject != "o1" || r.Detail["pieces"] != "2" || uuid.Validate(r.ID) != nil {
		t.Errorf("%+v", r)
	}
	if r.At.Before(before) || r.At.After(time.Now().Add(time.Minute)) {
		t.Errorf("at %v", r.At)
	}
}

// Text is a parameter, so that no quotation mark in it can end it.
func TestAnyTextIsStoredAsItIs(t *testing.T) {
	t.Parallel()
	pool := setup(t)
	const odd = "O'Neil \"x\" \\ {}; ü"
	write(t, t.Context(), pool, audit.Entry{Action: audit.StockSold, Kind: audit.SKU, Subject: odd, Detail: map[string]string{odd: odd}})
	if got := list(t, pool, audit.Filter{Subject: odd}); len(got) != 1 || got[0].Detail[odd] != odd {
		t.Errorf("%+v", got)
	}
}

func TestNobodyCanChangeTheLog(t *testing.T) {
	t.Parallel()
	pool := setup(t)
	write(t, t.Context(), pool, sale("o1"))
	for _, sql := range []string{
		`UPDATE audit_entries SET actor = 'nobody'`, `DELETE FROM audit_entries`, `TRUNCATE audit_entries`,
		`DELETE FROM audit_entries WHERE subject = 'no such row'`,
		`INSERT INTO audit_entries SELECT * FROM audit_entries ON CONFLICT (at, id) DO UPDATE SET actor = 'nobody'`,
	} {
		_, err := pool.Exec(t.Context(), sql)
		var refused *pgconn.PgError
		if !errors.As(err, &refused) || refused.Code != "23001" {
			t.Errorf("%s: %v, want restrict_violation", sql, err)
		}
	}
	if got := list(t, pool, audit.Filter{}); len(got) != 1 || got[0].Actor.ID != "unknown" {
		t.Errorf("%+v", got)
	}
}

func TestAnEntryIsRolledBackWithItsChange(t *testing.T) {
	t.Parallel()
	pool := setup(t)
	failed := errors.New("the change failed")
	err := pgdb.InTx(t.Context(), pool, func(tx pgx.Tx) error {
		if err := pgaudit.Write(t.Context(), tx, sale("o1")); err != nil {
			return err
		}
		return failed
	})
	if !errors.Is(err, failed) {
		t.Fatal(err)
	}
	if got := list(t, pool, audit.Filter{}); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

func TestAClauseAddsAnEntryOnlyIfSomethingChanged(t *testing.T) {
	t.Parallel()
	pool := setup(t)
	entry, err := pgaudit.Parameter(t.Context(), sale("o1"))
	if err != nil {
		t.Fatal(err)
	}
	for _, rows := range []int{0, 3} {
		when := `WITH changed AS (SELECT generate_series(1, $1::int)), audited AS (` + pgaudit.When("changed", "$2") + `) SELECT`
		each := `WITH changed AS (SELECT generate_series(1, $1::int) AS n), audited AS (` +
			pgaudit.Each("changed", "'each ' || n", "jsonb_build_object('n', n::text)", "$2") + `) SELECT`
		if rows > 0 { // a second entry with the ID of the first would violate the primary key only at the same time
			entry, err = pgaudit.Parameter(t.Context(), sale("o1"))
		}
		for _, sql := range []string{when, each} {
			if _, execErr := pool.Exec(t.Context(), sql, rows, entry); execErr != nil || err != nil {
				t.Fatal(execErr, err)
			}
		}
	}
	var got []string
	for _, r := range list(t, pool, audit.Filter{}) {
		got = append(got, r.Subject+" "+r.Detail["n"])
	}
	all := strings.Join(got, ", ")
	if len(got) != 4 || !strings.Contains(all, "o1 ") || !strings.Contains(all, "each 1 1") || !strings.Contains(all, "each 3 3") {
		t.Errorf("%s", all)
	}
}

// Entries of one transaction have the same time, so that the pages must continue within it.
func TestPagesHaveEachEntryOnceNewestFirst(t *testing.T) {
	t.Parallel()
	pool := setup(t)
	const transactions, each = 5, 7
	for range transactions {
		write(t, t.Context(), pool, sale("a"), sale("b"), sale("c"), sale("d"), sale("e"), sale("f"), sale("g"))
	}
	seen := map[string]bool{}
	f := audit.Filter{Limit: 4}
	for more := true; more; {
		var page []audit.Record
		var err error
		if page, more, err = pgaudit.New(pool).List(t.Context(), f); err != nil || len(page) == 0 || len(page) > f.Limit {
			t.Fatalf("a page of %d, %v", len(page), err)
		}
		for _, r := range page {
			if seen[r.ID] || f.Before != nil && (r.At.After(f.Before.At) || r.At.Equal(f.Before.At) && r.ID >= f.Before.ID) {
				t.Errorf("%s at %v comes after %+v", r.ID, r.At, f.Before)
			}
			seen[r.ID] = true
			f.Before = &audit.Position{At: r.At, ID: r.ID}
		}
	}
	if len(seen) != transactions*each {
		t.Errorf("%d entries, want %d", len(seen), transactions*each)
	}
}

func TestFiltersSelectByActorActionSubjectAndTime(t *testing.T) {
	t.Parallel()
	pool := setup(t)
	ada := security.WithActor(t.Context(), security.Actor{Customer: "ada"})
	write(t, ada, pool, sale("o1"))
	middle := list(t, pool, audit.Filter{})[0].At
	bob := security.WithActor(t.Context(), security.Actor{Service: "orders"})
	write(t, bob, pool, sale("o2"))
	write(t, bob, pool, audit.Entry{Action: audit.StockReturned, Kind: audit.Order, Subject: "o1"})
	for name, test := range map[string]struct {
		filter audit.Filter
		want   int
	}{
		"all":                 {audit.Filter{}, 3},
		"actor":               {audit.Filter{Actor: "ada"}, 1},
		"service":             {audit.Filter{Actor: "orders"}, 2},
		"action":              {audit.Filter{Action: "stock_sold"}, 2},
		"subject":             {audit.Filter{Subject: "o1"}, 2},
		"all three":           {audit.Filter{Actor: "orders", Action: "stock_returned", Subject: "o1"}, 1},
		"nobody":              {audit.Filter{Actor: "eve"}, 0},
		"from, inclusive":     {audit.Filter{From: middle}, 3},
		"to, exclusive":       {audit.Filter{To: middle}, 0},
		"after the first":     {audit.Filter{From: middle.Add(time.Microsecond)}, 2},
		"a time and an actor": {audit.Filter{To: middle.Add(time.Microsecond), Actor: "ada"}, 1},
	} {
		if got := list(t, pool, test.filter); len(got) != test.want {
			t.Errorf("%s: %d records, want %d", name, len(got), test.want)
		}
	}
}

// The test counts the 8 kB blocks that PostgreSQL reads for a page.
func TestTheCostOfAPageDoesNotGrowWithTheLog(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]audit.Filter{
		"all": {}, "actor": {Actor: "actor 1"}, "action": {Action: "action 1"}, "subject": {Subject: "subject 1"},
		"actor and action": {Actor: "actor 1", Action: "action 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f.Limit = 20
			few, many := costOfPage(t, f, 3_000), costOfPage(t, f, 60_000)
			t.Logf("measured: a page takes %d blocks in a log of 3,000 entries, %d in one of 60,000", few, many)
			if many > 3*few+30 {
				t.Errorf("a page takes %d blocks, %d in a log with a twentieth of the entries", many, few)
			}
		})
	}
}

func costOfPage(t *testing.T, f audit.Filter, entries int) int64 {
	t.Helper()
	pool := setup(t)
	if _, err := pool.Exec(t.Context(), `INSERT INTO audit_entries
		SELECT now() - i * interval '1 s', gen_random_uuid(), 'action ' || i % 10, 'order', 'subject ' || i % 100, 'customer', 'actor ' || i % 30,
			'', '', '', '{}' FROM generate_series(1, $1::int) AS i`, entries); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), `VACUUM ANALYZE audit_entries`); err != nil {
		t.Fatal(err)
	}
	return pgtest.Measure(t, pool, func(single *pgxpool.Pool) {
		page, _, err := pgaudit.New(single).List(t.Context(), f)
		if err != nil || len(page) == 0 || len(page) > f.Limit {
			t.Fatal(fmt.Sprintf("a page of %d", len(page)), err)
		}
	}).Blocks
}
