package postgres_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/pgdb"
	"souk/testkit/pgtest"

	"souk/services/catalog/internal/catalog"
	"souk/services/catalog/internal/postgres"
)

// expectCounts compares the stored counts with the products.
func expectCounts(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	var wrong, groups int
	err := pool.QueryRow(t.Context(), `
		WITH counted AS (
			SELECT CASE GROUPING(category, brand) WHEN 0 THEN 'both' WHEN 1 THEN 'category' ELSE 'brand' END AS per,
				coalesce(category_slug, '') AS category_slug, coalesce(category, '') AS category, coalesce(brand, '') AS brand, count(*) AS products
			FROM products WHERE NOT withdrawn AND status IS NULL
			GROUP BY GROUPING SETS ((category_slug, category), (brand), (category_slug, category, brand))
		)
		SELECT (SELECT count(*) FROM ((TABLE counted EXCEPT ALL SELECT per, category_slug, category, brand, products FROM counted_products)
				UNION ALL (SELECT per, category_slug, category, brand, products FROM counted_products EXCEPT ALL TABLE counted)) AS differences),
			(SELECT count(*) FROM counted)`).Scan(&wrong, &groups)
	if err != nil || wrong != 0 || groups == 0 {
		t.Errorf("%d differences in %d counts, %v", wrong, groups, err)
	}
}

func content(n int) catalog.Content {
	return catalog.Content{
		Slug: fmt.Sprint("thing-", n), Title: fmt.Sprint("Thing ", n), Category: fmt.Sprint("Category ", n%3), Brand: fmt.Sprint("Brand ", n%2),
		Variants: []catalog.Variant{{SKU: fmt.Sprint("SKU-", n), Price: 100}},
	}
}

// The test creates, moves, renames and withdraws products concurrently, while two replicas add up the counts.
func TestCountsAreRightAfterConcurrentChanges(t *testing.T) {
	t.Parallel()
	const writers, each = 6, 20
	s, pool := setup(t)
	ctx, done := context.WithCancel(t.Context())
	var replicas, shop sync.WaitGroup
	for range 2 {
		replicas.Go(func() {
			for ctx.Err() == nil {
				if err := s.AddUpCounts(t.Context()); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for writer := range writers {
		shop.Go(func() {
			for n := writer * each; n < (writer+1)*each; n++ {
				if err := change(t.Context(), s, n); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	shop.Wait()
	done()
	replicas.Wait()
	expectCounts(t, pool)
	if err := s.AddUpCounts(t.Context()); err != nil {
		t.Fatal(err)
	}
	expectCounts(t, pool)
	var deadlocks int
	err := pgtest.CloseAndConnect(t, pool).QueryRow(t.Context(), `SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`).Scan(&deadlocks)
	if err != nil || deadlocks != 0 {
		t.Errorf("%d deadlocks, %v", deadlocks, err)
	}
}

// change creates a product, moves it, renames its category, and withdraws every third one.
func change(ctx context.Context, s *catalog.Service, n int) error {
	p, err := s.Create(ctx, content(n))
	if err != nil {
		return err
	}
	for i, edit := range []func(*catalog.Content){
		func(c *catalog.Content) {
			c.Category, c.Brand = fmt.Sprint("Category ", (n+1)%3), fmt.Sprint("Brand ", (n+1)%2)
		},
		func(c *catalog.Content) { c.Category = fmt.Sprint("CATEGORY ", n%3) },
		func(c *catalog.Content) { c.Description = "changes no count" },
	} {
		if _, err := s.Update(ctx, p.ID, int64(i+1), edit); err != nil {
			return err
		}
	}
	if n%3 == 0 {
		return s.Withdraw(ctx, p.ID)
	}
	return nil
}

// After a long import, the table of changes is empty, but has as many pages as before.
func TestCountsAreCheapAfterALongImport(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, postgres.Migrations)
	fill(t, db, 1000)
	config := db.Config()
	reads := map[string]func(context.Context, *catalog.Service) error{
		"a category": list(catalog.Query{Category: "category-7"}, false), "facets": list(catalog.Query{Category: "category-7"}, true),
		"categories": func(ctx context.Context, s *catalog.Service) error {
			_, err := s.Categories(ctx)
			return err
		},
	}
	before := map[string]cost{}
	for name, read := range reads {
		before[name] = costOf(t, config, read)
	}
	exec(t, db, `INSERT INTO product_count_changes (per, category_slug, category, brand, products)
		SELECT 'brand', '', '', 'Brand ' || i % 200, 0 FROM generate_series(1, 50000) AS i`)
	exec(t, db, `DELETE FROM product_count_changes WHERE id < (SELECT max(id) FROM product_count_changes)`)
	exec(t, db, `VACUUM ANALYZE product_count_changes`) // the last change keeps the pages before it
	if err := catalog.New(postgres.New(db), "GBP").AddUpCounts(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, read := range reads {
		after := costOf(t, config, read)
		t.Logf("measured: %s reads %.0f blocks before and %.0f after", name, before[name].blocks, after.blocks)
		if after.blocks > before[name].blocks+30 {
			t.Errorf("%s reads %.0f blocks after a long import, before %.0f", name, after.blocks, before[name].blocks)
		}
	}
}

func TestARefusedProductIsNotCounted(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	if _, err := s.Create(t.Context(), content(1)); err != nil {
		t.Fatal(err)
	}
	taken := content(2)
	taken.Variants = content(1).Variants // the product's row is written before the SKU is refused
	if _, err := s.Create(t.Context(), taken); err == nil {
		t.Fatal("a product took another one's SKU")
	}
	expectCounts(t, pool)
}

func TestProductsFromBeforeTheMigrationAreCounted(t *testing.T) {
	t.Parallel()
	s, pool := open(t, pgtest.New(t, before(t, "00007")).Config())
	// In SQL, because the store writes columns that were added later.
	exec(t, pool, `INSERT INTO products (id, slug, title, description, brand, category, category_slug, tags, images, currency, min_price,
			max_price, withdrawn, version, created_at, updated_at, keywords)
		SELECT gen_random_uuid(), 'thing-' || n, 'Thing ' || n, '', 'Brand ' || n % 2, 'Category ' || n % 3, 'category-' || n % 3, '{}', '[]',
			'GBP', 100, 100, false, 1, now(), now(), ''
		FROM generate_series(0, 9) AS n`)
	if err := pgdb.Migrate(t.Context(), pool, postgres.Migrations); err != nil {
		t.Fatal(err)
	}
	if err := change(t.Context(), s, 12); err != nil {
		t.Fatal(err)
	}
	expectCounts(t, pool)
}
