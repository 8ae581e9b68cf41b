package postgres_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"souk/platform/audit"
	"souk/platform/pgaudit"
	"souk/platform/pgdb"
	"souk/testkit/pgtest"

	"souk/services/catalog/internal/catalog"
	"souk/services/catalog/internal/postgres"
)

func createAll(t *testing.T, s *catalog.Service, from, to int, status catalog.Status, publishAt *time.Time) {
	t.Helper()
	for n := from; n < to; n++ {
		c := content(n)
		c.Status, c.PublishAt = status, publishAt
		if _, err := s.Create(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDueProductsArePublishedOnceByWhicheverReplica(t *testing.T) {
	t.Parallel()
	const due = 230 // more than two batches
	s, pool := setup(t)
	soon, later := time.Now().Add(time.Minute), time.Now().Add(time.Hour)
	createAll(t, s, 0, due, catalog.Scheduled, &soon)
	createAll(t, s, due, due+3, catalog.Scheduled, &later)
	if err := s.PublishDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if listed := pages(t, s, catalog.Query{}); len(listed) != 0 {
		t.Fatalf("%d products are listed before their time", len(listed))
	}
	exec(t, pool, `UPDATE products SET publish_at = now() - interval '1 second' WHERE publish_at < now() + interval '10 minutes'`)
	var replicas sync.WaitGroup
	for range 3 {
		replicas.Go(func() {
			if err := s.PublishDue(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	replicas.Wait()
	if listed := pages(t, s, catalog.Query{}); len(listed) != due {
		t.Errorf("%d products are listed, want %d", len(listed), due)
	}
	expectCounts(t, pool)
	var published, entries, stale, waiting int
	err := pool.QueryRow(t.Context(), `SELECT count(*) FILTER (WHERE status IS NULL AND NOT withdrawn AND publish_at IS NULL AND version = 2),
			(SELECT count(DISTINCT subject) FROM audit_entries WHERE action = 'product_published' AND detail = '{"version": "2"}'),
			count(*) FILTER (WHERE words_version <> version), count(*) FILTER (WHERE status = 'scheduled')
		FROM products`).Scan(&published, &entries, &stale, &waiting)
	if err != nil || published != due || entries != due || stale != 0 || waiting != 3 {
		t.Errorf("%d published, %d in the log, %d without words, %d waiting, %v", published, entries, stale, waiting, err)
	}
	page, _, err := pgaudit.New(pool).List(t.Context(), audit.Filter{Action: string(audit.ProductPublished), Limit: 100})
	if err != nil || len(page) != 100 || page[0].Kind != audit.Product {
		t.Errorf("%d entries, %v", len(page), err)
	}
}

func TestCountsFollowTheStatus(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	tomorrow := time.Now().Add(24 * time.Hour)
	createAll(t, s, 0, 6, catalog.Active, nil)
	createAll(t, s, 6, 12, catalog.Draft, nil)
	p, err := s.Create(t.Context(), content(12))
	if err != nil {
		t.Fatal(err)
	}
	for _, status := range []catalog.Status{
		catalog.Unlisted, catalog.Active, catalog.Draft, catalog.Unlisted, catalog.Scheduled, catalog.Active, catalog.Scheduled, catalog.Draft, catalog.Active,
	} {
		_, err := s.Update(t.Context(), p.ID, 0, func(c *catalog.Content) {
			if c.Status, c.PublishAt = status, nil; status == catalog.Scheduled {
				c.PublishAt = &tomorrow
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		expectCounts(t, pool)
	}
}

// states returns the slugs and statuses of all products.
func states(t *testing.T, s *catalog.Service) (states []string) {
	t.Helper()
	all, _, err := s.ListAll(t.Context(), catalog.AnyQuery{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		states = append(states, p.Slug+" "+string(p.Status))
	}
	slices.Sort(states)
	return states
}

func TestProductsOfTheVersionBeforeHaveAStatus(t *testing.T) {
	t.Parallel()
	s, pool := open(t, pgtest.New(t, before(t, "00016")).Config())
	insert := `INSERT INTO products (id, slug, title, description, brand, category, category_slug, tags, images, currency, min_price,
			max_price, withdrawn, version, created_at, updated_at, keywords)
		VALUES (gen_random_uuid(), $1, 'Lamp', '', 'Atlas', 'Lamps', 'lamps', '{}', '[]', 'GBP', 100, 100, $2, 1, now(), now(), '')`
	exec(t, pool, insert, "old-gone", true)
	exec(t, pool, insert, "old-sold", false)
	if err := pgdb.Migrate(t.Context(), pool, postgres.Migrations); err != nil {
		t.Fatal(err)
	}
	// An instance of the version before still runs, and writes.
	exec(t, pool, insert, "new-gone", true)
	exec(t, pool, insert, "new-sold", false)
	want := []string{"new-gone withdrawn", "new-sold active", "old-gone withdrawn", "old-sold active"}
	if got := states(t, s); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	tomorrow := time.Now().Add(24 * time.Hour)
	createAll(t, s, 1, 2, catalog.Draft, nil)
	createAll(t, s, 2, 3, catalog.Scheduled, &tomorrow)
	createAll(t, s, 3, 5, catalog.Unlisted, nil)
	exec(t, pool, `DELETE FROM products WHERE title = 'Lamp'`)
	exec(t, pool, `UPDATE products SET withdrawn = false, version = version + 1 WHERE slug IN ('thing-1', 'thing-2')`)
	exec(t, pool, `UPDATE products SET withdrawn = true, version = version + 1 WHERE slug = 'thing-3'`)
	exec(t, pool, `UPDATE products SET title = 'Renamed', version = version + 1 WHERE slug = 'thing-4'`)
	want = []string{"thing-1 active", "thing-2 active", "thing-3 withdrawn", "thing-4 unlisted"}
	if got := states(t, s); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	expectCounts(t, pool)
}
