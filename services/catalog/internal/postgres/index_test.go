package postgres_test

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/pgdb"
	"souk/testkit/pgtest"

	"souk/services/catalog/internal/catalog"
	"souk/services/catalog/internal/postgres"
)

// before returns the migrations with lower numbers.
func before(t *testing.T, number string) fstest.MapFS {
	t.Helper()
	names, err := fs.Glob(postgres.Migrations, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	for _, name := range names {
		text, err := fs.ReadFile(postgres.Migrations, name)
		if err != nil {
			t.Fatal(err)
		}
		if name < number {
			files[name] = &fstest.MapFile{Data: text}
		}
	}
	return files
}

// write adds n products as the version before 1.1 did.
func write(t *testing.T, pool *pgxpool.Pool, from, n int) {
	t.Helper()
	exec(t, pool, `INSERT INTO products (id, slug, title, description, brand, category, category_slug, tags, images, currency, min_price,
			max_price, withdrawn, version, created_at, updated_at, keywords)
		SELECT gen_random_uuid(), 'creme-' || n, 'Crème Moon Stone ' || n, '', 'Brand ' || n % 2, 'Café Ware', 'cafe-ware', '{}', '[]',
			'GBP', 100, 100, false, 1, now(), now(), 'SKU-0' || n
		FROM generate_series($1::int, $2::int) AS n`, from, from+n-1)
}

func expectFound(t *testing.T, s *catalog.Service, want int) {
	t.Helper()
	for _, q := range []catalog.Query{{Text: "creme moonstone"}, {Text: "crème"}, {Category: "café-ware"}, {Category: "cafe-ware"}, {Text: "moon", Category: "cafe-ware"}, {Text: "ceme"}} {
		if found := pages(t, s, q); len(found) != want {
			t.Errorf("%+v finds %d products, want %d", q, len(found), want)
		}
	}
	if found := pages(t, s, catalog.Query{Text: "SKU03"}); len(found) != 1 {
		t.Errorf("a SKU without its hyphen finds %d products, want 1", len(found))
	}
}

func TestProductsOfTheVersionBeforeAreFoundOnceTheyAreIndexed(t *testing.T) {
	t.Parallel()
	s, pool := open(t, pgtest.New(t, before(t, "00010")).Config())
	write(t, pool, 0, 450) // more than two batches
	if err := pgdb.Migrate(t.Context(), pool, postgres.Migrations); err != nil {
		t.Fatal(err)
	}
	var replicas sync.WaitGroup
	for range 2 {
		replicas.Go(func() {
			if err := s.Index(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	replicas.Wait()
	expectFound(t, s, 450)
	expectCounts(t, pool)

	// An instance of the version before still runs, and writes.
	write(t, pool, 450, 10)
	exec(t, pool, `UPDATE products SET title = 'Renamed', version = version + 1 WHERE slug = 'creme-7'`)
	exec(t, pool, `UPDATE products SET withdrawn = true, version = version + 1 WHERE slug = 'creme-8'`)
	if err := s.Index(t.Context()); err != nil {
		t.Fatal(err)
	}
	if found := pages(t, s, catalog.Query{Text: "creme"}); len(found) != 458 {
		t.Errorf("%d found, want 458", len(found))
	}
	if found := pages(t, s, catalog.Query{Text: "renamed"}); len(found) != 1 {
		t.Errorf("%d renamed found, want 1", len(found))
	}
	expectCounts(t, pool)

	// It finds what this version has written.
	var old, similar int
	err := pool.QueryRow(t.Context(), `SELECT count(*) FILTER (WHERE search @@ websearch_to_tsquery('english', 'crème')),
		(SELECT count(*) FROM similar_titles('Renamd')) FROM products`).Scan(&old, &similar)
	if err != nil || old != 459 || similar != 1 {
		t.Errorf("the version before finds %d and %d similar, %v", old, similar, err)
	}
}

func TestIndexingChangesNothingElse(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	write(t, pool, 0, 1)
	if err := s.Index(t.Context()); err != nil {
		t.Fatal(err)
	}
	var version, entries, stale int
	err := pool.QueryRow(t.Context(), `SELECT version, (SELECT count(*) FROM audit_entries), (SELECT count(*) FROM products WHERE words_version <> version) FROM products`).
		Scan(&version, &entries, &stale)
	if err != nil || version != 1 || entries != 0 || stale != 0 {
		t.Errorf("version %d, %d entries in the audit log, %d products without words, %v", version, entries, stale, err)
	}
}

func TestWritesLeaveNothingToIndex(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	for n := range 4 {
		if err := change(t.Context(), s, n); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Update(t.Context(), "00000000-0000-7000-8000-000000000000", 0, func(*catalog.Content) {}); !errors.Is(err, catalog.ErrNotFound) {
		t.Error(err)
	}
	var stale int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM products WHERE words_version <> version`).Scan(&stale); err != nil || stale != 0 {
		t.Errorf("%d products without words, %v", stale, err)
	}
}

// Products with the same words are written at once, each in a transaction that adds them to the vocabulary.
func TestConcurrentWritersShareTheVocabulary(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	var group sync.WaitGroup
	for writer := range 8 {
		group.Go(func() {
			for n := range 5 {
				c := content(writer*5 + n)
				c.Title = fmt.Sprintf("Zebra yak %c%c%c%c wolf ant", 'a'+writer, 'a'+n, 'x', 'y')
				if _, err := s.Create(t.Context(), c); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	var words, deadlocks int
	err := pool.QueryRow(t.Context(), `SELECT count(*) FROM vocabulary WHERE word IN ('zebra', 'wolf', 'aaxy', 'hexy')`).Scan(&words)
	if err != nil || words != 4 {
		t.Errorf("%d words, %v; want 4", words, err)
	}
	err = pgtest.CloseAndConnect(t, pool).QueryRow(t.Context(), `SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`).Scan(&deadlocks)
	if err != nil || deadlocks != 0 {
		t.Errorf("%d deadlocks, %v", deadlocks, err)
	}
}
