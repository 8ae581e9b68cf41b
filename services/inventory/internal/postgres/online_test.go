package postgres_test

import (
	"context"
	"io/fs"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/pgdb"

	"souk/services/inventory/internal/inventory"
	"souk/services/inventory/internal/postgres"
)

// nextVersion contains migrations that a future version might have: a column and a constraint for the ledger and for levels,
// and an index on the ledger.
var nextVersion = map[string]string{
	"00901_source.sql": `-- +goose Up
ALTER TABLE stock_entries
    ADD COLUMN source text NOT NULL DEFAULT 'shop',
    ADD CONSTRAINT stock_entries_source CHECK (source <> '') NOT VALID;
`,
	"00902_shelf.sql": `-- +goose Up
ALTER TABLE levels ADD COLUMN shelf text, ADD CONSTRAINT levels_shelf CHECK (shelf <> '') NOT VALID;
`,
	"00903_order.sql": `-- +goose Up
ALTER TABLE stock_entries ADD CONSTRAINT stock_entries_order FOREIGN KEY (order_id) REFERENCES reservations (order_id) NOT VALID;
`,
	"00904_valid.sql": `-- +goose NO TRANSACTION
-- +goose Up
ALTER TABLE stock_entries VALIDATE CONSTRAINT stock_entries_source;
ALTER TABLE levels VALIDATE CONSTRAINT levels_shelf;
ALTER TABLE stock_entries VALIDATE CONSTRAINT stock_entries_order;
`,
	"00905_index.sql": `-- +goose NO TRANSACTION
-- +goose Up
CREATE INDEX CONCURRENTLY IF NOT EXISTS stock_entries_at ON stock_entries (at, id);
`,
}

const ledgerSKUs = 1000

// ledgerRows returns the number of ledger entries: SOUK_LEDGER_ROWS, or 200,000.
func ledgerRows(t *testing.T) int {
	t.Helper()
	setting := os.Getenv("SOUK_LEDGER_ROWS")
	if setting == "" {
		return 200_000
	}
	n, err := strconv.Atoi(setting)
	if err != nil || n < ledgerSKUs {
		t.Fatalf("SOUK_LEDGER_ROWS=%q, want a number of at least %d", setting, ledgerSKUs)
	}
	return n
}

// fillLedger adds deliveries of 1,000 pieces each.
func fillLedger(t *testing.T, pool *pgxpool.Pool, rows int) {
	t.Helper()
	each := rows / ledgerSKUs
	inReplica(t, pool, `INSERT INTO levels (sku, on_hand) SELECT 'LEDGER-' || i, 1000 * $2::bigint FROM generate_series(1, $1) AS i`, ledgerSKUs, each)
	inReplica(t, pool, `INSERT INTO stock_entries (sku, kind, delta, reason) SELECT 'LEDGER-' || i, 'adjustment', 1000, 'delivery'
		FROM generate_series(1, $1) AS i, generate_series(1, $2) AS entry`, ledgerSKUs, each)
	inReplica(t, pool, `ANALYZE`)
}

// trade records the calls made while the ledger is migrated.
type trade struct {
	sold, audited atomic.Int64
	slowest       atomic.Int64 // in nanoseconds
}

// call makes a call like orders does. The call must not fail.
func (m *trade) call(ctx context.Context, t *testing.T, name string, call func(context.Context) error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	start := time.Now()
	if err := call(ctx); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	for took := int64(time.Since(start)); ; {
		if slowest := m.slowest.Load(); took <= slowest || m.slowest.CompareAndSwap(slowest, took) {
			return
		}
	}
}

// run sells and audits until done is closed.
func (m *trade) run(t *testing.T, s *inventory.Service, done <-chan struct{}) {
	const sellers = 6
	open := func() bool {
		select {
		case <-done:
			return false
		default:
			return true
		}
	}
	var group sync.WaitGroup
	for seller := range sellers {
		group.Go(func() {
			for n := seller; open(); n += sellers {
				r := reservation(inventory.Line{SKU: "LEDGER-" + strconv.Itoa(1+n%ledgerSKUs), Quantity: 1}, inventory.Line{SKU: "LEDGER-1", Quantity: 1})
				if n%ledgerSKUs == 0 {
					r.Lines = r.Lines[:1]
				}
				m.call(t.Context(), t, "reserve", func(ctx context.Context) error { _, err := s.Reserve(ctx, r); return err })
				m.call(t.Context(), t, "commit", func(ctx context.Context) error { return s.Commit(ctx, r.OrderID) })
				if n%10 == 0 {
					m.call(t.Context(), t, "release", func(ctx context.Context) error { return s.Release(ctx, r.OrderID) })
				}
				m.sold.Add(1)
			}
		})
	}
	group.Go(func() {
		after := ""
		for open() {
			m.call(t.Context(), t, "stock", func(ctx context.Context) (err error) {
				_, after, err = s.Stock(ctx, 10, after) // begins again after the last page
				return err
			})
			m.audited.Add(1)
		}
	})
	group.Wait()
}

func TestNoSaleFailsWhileTheLedgerIsMigrated(t *testing.T) {
	t.Parallel()
	rows := ledgerRows(t)
	pool := opened(t)
	start := time.Now()
	fillLedger(t, pool, rows)
	t.Logf("measured: filled in %v", time.Since(start))
	files := fstest.MapFS{}
	for name, sql := range nextVersion {
		files[name] = &fstest.MapFile{Data: []byte(sql)}
	}
	existing, err := fs.Glob(postgres.Migrations, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range existing {
		text, err := fs.ReadFile(postgres.Migrations, name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: text}
	}
	var trade trade
	done := make(chan struct{})
	var shop sync.WaitGroup
	shop.Go(func() { trade.run(t, newService(pool), done) })
	start = time.Now()
	// Two replicas of the next version start at the same time.
	var replicas sync.WaitGroup
	for range 2 {
		replicas.Go(func() {
			if err := pgdb.Migrate(t.Context(), pool, files); err != nil {
				t.Error(err)
			}
		})
	}
	replicas.Wait()
	took := time.Since(start)
	close(done)
	shop.Wait()
	t.Logf("measured: %d entries migrated in %v beside %d sales and %d pages of an audit; the slowest call took %v",
		rows, took, trade.sold.Load(), trade.audited.Load(), time.Duration(trade.slowest.Load()))
	expectMigrated(t, pool)
}

// expectMigrated checks that the migrations are complete and the ledger is consistent.
func expectMigrated(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	err := pgdb.InLongTx(t.Context(), pool, 10*time.Minute, func(tx pgx.Tx) error {
		var constraints, indexes, wrong int
		err := tx.QueryRow(t.Context(), `SELECT
			(SELECT count(*) FROM pg_constraint WHERE convalidated AND conname IN ('stock_entries_source', 'levels_shelf', 'stock_entries_order')),
			(SELECT count(*) FROM pg_index WHERE indisvalid AND indexrelid = to_regclass('stock_entries_at')),
			(SELECT count(*) FROM levels LEFT JOIN (SELECT sku, sum(delta) AS pieces FROM stock_entries GROUP BY sku) entries USING (sku)
				WHERE on_hand <> coalesce(pieces, 0) OR reserved <> 0)`).Scan(&constraints, &indexes, &wrong)
		if constraints != 3 || indexes != 1 || wrong != 0 {
			t.Errorf("%d constraints of 3 and %d index of 1 are valid; %d levels differ from the ledger", constraints, indexes, wrong)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
