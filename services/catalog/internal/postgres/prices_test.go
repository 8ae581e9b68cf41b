package postgres_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/pgdb"
	"souk/testkit/pgtest"

	"souk/services/catalog/internal/catalog"
	"souk/services/catalog/internal/postgres"
)

// pricer changes the price of one variant and lets days pass.
type pricer struct {
	*catalog.Service
	pool    *pgxpool.Pool
	product catalog.Product
}

func newPricer(t *testing.T, price int64, compareAt *int64) *pricer {
	t.Helper()
	s, pool := setup(t)
	product, err := s.Create(t.Context(), catalog.Content{Title: "Lamp", Variants: []catalog.Variant{{SKU: "LAMP", Price: price, CompareAt: compareAt}}})
	if err != nil {
		t.Fatal(err)
	}
	return &pricer{s, pool, product}
}

// wait lets time pass: all prices are that much older.
func (p *pricer) wait(t *testing.T, days int) {
	t.Helper()
	exec(t, p.pool, `UPDATE variant_prices SET since = since - make_interval(days => $1)`, days)
}

func (p *pricer) offer(t *testing.T, price int64, compareAt *int64) {
	t.Helper()
	changed, err := p.Update(t.Context(), p.product.ID, 0, func(c *catalog.Content) { c.Variants[0].Price, c.Variants[0].CompareAt = price, compareAt })
	if err != nil {
		t.Fatal(err)
	}
	p.product = changed
}

// expect checks the lowest price in the answer to the last change and on the product page. 0 means none.
func (p *pricer) expect(t *testing.T, what string, want int64) {
	t.Helper()
	read, err := p.Product(t.Context(), p.product.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []catalog.Variant{p.product.Variants[0], read.Variants[0]} {
		if got := v.LowestPrice; (got == nil) != (want == 0) || got != nil && *got != want {
			t.Errorf("%s: the lowest price is %v, want %d", what, deref(got), want)
		}
	}
}

func deref(n *int64) any {
	if n == nil {
		return "none"
	}
	return *n
}

func (p *pricer) history(t *testing.T) (prices []int64) {
	t.Helper()
	if err := p.pool.QueryRow(t.Context(), `SELECT array_agg(price ORDER BY since) FROM variant_prices WHERE sku = 'LAMP'`).Scan(&prices); err != nil {
		t.Fatal(err)
	}
	return prices
}

func TestAReductionIsShownBesideTheLowestPriceOfThe30DaysBefore(t *testing.T) {
	t.Parallel()
	p := newPricer(t, 1000, nil)
	p.wait(t, 100)
	p.offer(t, 700, nil) // 40 days before the reduction, for 5 days
	p.wait(t, 5)
	p.offer(t, 900, nil)
	p.wait(t, 35)
	p.offer(t, 800, new(int64(1000)))
	p.expect(t, "after a low price more than 30 days ago", 900)
	p.wait(t, 50)
	p.offer(t, 800, new(int64(1100)))
	p.expect(t, "50 days into the reduction, beside another compare-at price", 900)
	p.offer(t, 600, new(int64(1100)))
	p.expect(t, "after a further reduction", 800)
	p.offer(t, 1000, nil)
	p.expect(t, "after the end of the reduction", 0)
	p.offer(t, 950, new(int64(1000)))
	p.expect(t, "after a reduction soon after another", 600)
	if got := fmt.Sprint(p.history(t)); got != "[1000 700 900 800 600 1000 950]" {
		t.Errorf("the history is %s", got)
	}
}

func TestAPriceFromBeforeThe30DaysCountsWhileItWasGood(t *testing.T) {
	t.Parallel()
	p := newPricer(t, 500, nil)
	p.wait(t, 60)
	p.offer(t, 1000, nil)
	p.wait(t, 29)
	p.offer(t, 900, new(int64(1000)))
	p.expect(t, "29 days after the end of the low price", 500)
}

func TestAReductionOfANewVariantHasNoLowestPrice(t *testing.T) {
	t.Parallel()
	p := newPricer(t, 500, new(int64(1000)))
	p.expect(t, "a new variant", 0)
	p.offer(t, 400, new(int64(1000)))
	p.expect(t, "its first change", 500)
}

func TestAnOldPriceMadeAReductionHasItselfAsTheLowestPrice(t *testing.T) {
	t.Parallel()
	p := newPricer(t, 500, nil)
	p.wait(t, 60)
	p.offer(t, 500, new(int64(1000)))
	p.expect(t, "a compare-at price beside the same price", 500)
}

func TestChangesWithoutAnotherPriceAddNothingToTheHistory(t *testing.T) {
	t.Parallel()
	p := newPricer(t, 500, new(int64(1000)))
	for range 3 {
		if _, err := p.Update(t.Context(), p.product.ID, 0, func(c *catalog.Content) { c.Description += "Warm." }); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := p.Import(t.Context(), strings.NewReader("Handle,Variant SKU,Variant Price\nlamp,LAMP,5.00\n")); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(p.history(t)); got != "[500]" {
		t.Errorf("the history is %s", got)
	}
	if _, err := p.Import(t.Context(), strings.NewReader("Handle,Variant SKU,Variant Price\nlamp,LAMP,4.00\n")); err != nil {
		t.Fatal(err)
	}
	p.product, _ = p.Product(t.Context(), p.product.ID)
	p.expect(t, "after an import", 500)
}

// asBefore writes the only variant of a product as the version before 00022 did.
func asBefore(t *testing.T, pool *pgxpool.Pool, price int64) {
	t.Helper()
	exec(t, pool, `WITH gone AS (DELETE FROM variants WHERE sku = 'LAMP') SELECT 1`)
	exec(t, pool, `INSERT INTO variants (sku, product_id, position, title, options, price, weight, untracked, continue_selling)
		SELECT 'LAMP', id, 0, '', '[]', $1, 0, false, false FROM products`, price)
}

func TestPricesOfAVersionBeforeAreInTheHistory(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, before(t, "00022"))
	exec(t, pool, `INSERT INTO products (id, slug, title, description, brand, category, category_slug, tags, images, currency, min_price,
			max_price, withdrawn, version, created_at, updated_at, keywords)
		SELECT gen_random_uuid(), 'lamp', 'Lamp', '', '', '', '', '{}', '[]', 'GBP', 100, 100, false, 1, now(), now() - interval '9 days', ''`)
	asBefore(t, pool, 1000)
	if err := pgdb.Migrate(t.Context(), pool, postgres.Migrations); err != nil {
		t.Fatal(err)
	}
	asBefore(t, pool, 800)
	s := catalog.New(postgres.New(pool), "GBP")
	product, err := s.Product(t.Context(), "lamp")
	if err != nil {
		t.Fatal(err)
	}
	p := &pricer{s, pool, product}
	if got := fmt.Sprint(p.history(t)); got != "[1000 800]" {
		t.Errorf("the history is %s", got)
	}
	p.offer(t, 700, new(int64(1000)))
	p.expect(t, "after prices of a version before", 800)
}
