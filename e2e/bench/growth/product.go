package growth

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"souk/e2e/poll"
)

// families are what the last word of a product's name may begin with: beside a basket there is a wallbasket. Each family has as many
// categories as the shop had before.
var families = []string{"", "wall", "floor", "garden", "travel", "mini", "party", "winter", "summer", "office"}

// indexedWithin is how long catalog may take to index the products that were loaded.
const indexedWithin = time.Hour

// editions are how many products of a family differ in a number alone.
const editions = 10

// Edition is a copy of all products that a shop had.
type Edition struct {
	// Family begins the last word of the name.
	Family string
	// Number is written behind the name, unless it is 0.
	Number int
}

// Editions returns n of them, the first of which is the products themselves. With 100 of them a category has ten times as many
// products as before, and there are ten times as many categories.
func Editions(n int) []Edition {
	all := make([]Edition, n)
	for i := range all {
		all[i] = Edition{Family: families[i/editions%len(families)], Number: i % editions}
	}
	return all
}

// Slug returns the slug of a product's edition. The slug is words with hyphens between them.
func (e Edition) Slug(slug string) string {
	i := strings.LastIndex(slug, "-") + 1
	slug = slug[:i] + e.Family + slug[i:]
	if e.Number > 0 {
		slug += "-" + strconv.Itoa(e.Number)
	}
	return slug
}

// LoadProducts loads n editions of the products with these slugs, which are in the shop and are the first edition. A SKU begins with
// the slug in capitals. The stock of an edition is what the product's once was.
func (l *Loader) LoadProducts(ctx context.Context, slugs []string, n int) error {
	for i, e := range Editions(n) {
		if i == 0 {
			continue
		}
		copies := make([][]any, len(slugs))
		for j, slug := range slugs {
			copies[j] = []any{i*len(slugs) + j, slug, e.Slug(slug), slug[strings.LastIndex(slug, "-")+1:], e.Family, e.title()}
		}
		if err := l.loadEdition(ctx, copies); err != nil {
			return fmt.Errorf("load products: %w", err)
		}
		if i%10 == 9 {
			l.say("%d products", (i+1)*len(slugs))
		}
	}
	if err := l.awaitIndex(ctx); err != nil {
		return fmt.Errorf("load products: %w", err)
	}
	return l.Settle(ctx, "catalog", "inventory")
}

// awaitIndex waits until catalog has written the words by which the products are found, and the summaries of their variants.
func (l *Loader) awaitIndex(ctx context.Context) error {
	return poll.Until(ctx, indexedWithin, func(ctx context.Context) error {
		var left int
		err := l.databases["catalog"].QueryRow(ctx, `SELECT count(*) FROM products WHERE offer_version <> version`).Scan(&left)
		if err == nil && left > 0 {
			err = fmt.Errorf("%d products are not indexed yet", left)
		}
		return err
	})
}

// title is what stands behind the title.
func (e Edition) title() string {
	if e.Number == 0 {
		return ""
	}
	return " " + strconv.Itoa(e.Number)
}

func (l *Loader) loadEdition(ctx context.Context, copies [][]any) error {
	for service, tables := range map[string][]table{"catalog": {products, variants}, "inventory": {levels, openings}} {
		err := pgx.BeginFunc(ctx, l.databases[service], func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, `CREATE TEMPORARY TABLE copies (n int, source text, slug text, thing text, family text, title text) ON COMMIT DROP`)
			if err != nil {
				return err
			}
			columns := []string{"n", "source", "slug", "thing", "family", "title"}
			if _, err := tx.CopyFrom(ctx, pgx.Identifier{"copies"}, columns, pgx.CopyFromRows(copies)); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `ANALYZE copies`); err != nil {
				return err
			}
			for _, t := range tables {
				if err := copyRows(ctx, tx, t); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// productID is the id of a copied product.
const productID = `('00000000-0000-7001-8000-' || lpad(c.n::text, 12, '0'))::uuid`

// The name of a thing is in no other word of the texts.
var (
	products = table{
		name: "products", on: "t.slug = c.source",
		set: map[string]string{
			"id":     productID,
			"slug":   "c.slug",
			"handle": "c.slug",
			// Catalog writes the words and what the variants offer.
			"words_version": "0",
			"offer_version": "0",
			"title":         "replace(t.title, c.thing, c.family || c.thing) || c.title",
			"description":   "replace(t.description, c.thing, c.family || c.thing)",
			"category":      "c.family || t.category",
			"category_slug": "c.family || t.category_slug",
			"images":        "replace(t.images::text, c.source, c.slug)::jsonb",
			"keywords":      "replace(t.keywords, upper(c.source), upper(c.slug))",
			// One product in five minutes.
			"created_at": "t.created_at - c.n * interval '5 minutes'",
			"updated_at": "t.updated_at - c.n * interval '5 minutes'",
		},
	}
	variants = table{
		name: "variants", on: "t.product_id = (SELECT p.id FROM products p WHERE p.slug = c.source)",
		set: map[string]string{"sku": editionSKU, "product_id": productID},
	}
	levels = table{
		name: "levels", on: ofSource,
		set: map[string]string{
			"sku":      editionSKU,
			"on_hand":  "(SELECT e.delta FROM stock_entries e WHERE e.sku = t.sku AND e.kind = 'opening')",
			"reserved": "0",
		},
	}
	openings = table{
		name: "stock_entries", on: ofSource + " AND t.kind = 'opening'", inOrder: "id",
		set: map[string]string{"sku": editionSKU, "at": "t.at - c.n * interval '5 minutes'"},
	}
)

const (
	editionSKU = "upper(c.slug) || substr(t.sku, length(c.source) + 1)"
	// ofSource joins by the SKUs of the product that is copied: its slug and a size of one letter.
	ofSource = "t.sku IN (upper(c.source) || '-S', upper(c.source) || '-L')"
)
