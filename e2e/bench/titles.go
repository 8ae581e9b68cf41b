package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"

	"souk/e2e/replay"
)

var (
	editionColors    = []string{"Red", "Blue", "Green", "Ivory", "Pink", "Black", "Silver", "Yellow"}
	editionMaterials = []string{"Cotton", "Glass", "Tin", "Wood", "Paper"}
)

// ReadTitles returns the titles in a folder of invoices (see the package replay), in an order by chance that is the same each time. The last word
// of each is of ASCII letters, because it becomes the category.
func ReadTitles(folder string) ([]string, error) {
	books, err := replay.ReadPath(folder)
	if err != nil {
		return nil, err
	}
	var titles []string
	for _, v := range books.Variants {
		if words := strings.Fields(v.Description); len(words) > 1 && isPlain(words[len(words)-1]) {
			titles = append(titles, strings.Join(words, " "))
		}
	}
	slices.Sort(titles)
	titles = slices.Compact(titles)
	if len(titles) < few.Products {
		return nil, fmt.Errorf("%s has %d titles, want at least %d", folder, len(titles), few.Products)
	}
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(titles), func(i, j int) { titles[i], titles[j] = titles[j], titles[i] }) //nolint:gosec // no secret
	return titles, nil
}

func isPlain(word string) bool {
	return strings.IndexFunc(word, func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') }) < 0
}

// categoryOf is the category of a product, the last word of its title.
func categoryOf(words []string) string { return strings.ToLower(words[len(words)-1]) }

// titled are products that are named like those of a real shop. With many products, a shop has up to 40 editions of each title, which differ in a
// color and a material.
type titled []string

// product returns the i-th product.
func (t titled) product(i int) product {
	slug := fmt.Sprintf("title-%d", i)
	return product{slug: slug, sku: strings.ToUpper(slug) + "-S", query: url.QueryEscape(t[i%len(t)])}
}

// products returns the first n products.
func (t titled) products(n int) []product {
	all := make([]product, n)
	for i := range all {
		all[i] = t.product(i)
	}
	return all
}

// largeCategories returns the n categories with the most titles.
func (t titled) largeCategories(n int) []string {
	sizes := map[string]int{}
	for _, title := range t {
		sizes[categoryOf(strings.Fields(title))]++
	}
	largest := slices.SortedFunc(maps.Keys(sizes), func(a, b string) int {
		return cmp.Or(cmp.Compare(sizes[b], sizes[a]), cmp.Compare(a, b))
	})
	return largest[:min(n, len(largest))]
}

// rows are those of the i-th product in a product file, with two variants of three options.
func (t titled) rows(i int) (rows [][]string) {
	title, edition, p := t[i%len(t)], i/len(t), t.product(i)
	words := strings.Fields(title)
	color, material := editionColors[(i+edition)%len(editionColors)], editionMaterials[(i/3+edition)%len(editionMaterials)]
	if edition > 0 {
		title += " " + color + " " + material
	}
	for j, size := range []string{"Small", "Large"} {
		rows = append(rows, []string{
			p.slug, title, "For the house and the garden, as a present or to keep.", words[0], words[len(words)-1], "", "true",
			"Size", size, "Color", color, "Material", material, strings.ToUpper(p.slug) + "-" + size[:1], fmt.Sprint(300 * (j + 1)),
			"shopify", fmt.Sprint(pieces), fmt.Sprintf("%d.%02d", 1+i%90, 50*j), "", "",
		})
	}
	return rows
}

// csv is the products from one to another in Shopify's format.
func (t titled) csv(from, to int) ([]byte, error) {
	rows := [][]string{goodsColumns}
	for i := from; i < to; i++ {
		rows = append(rows, t.rows(i)...)
	}
	return fileOf(rows)
}

// importAtOnce is how many products a file has.
const importAtOnce = 10_000

// importTitled imports products until there are n.
func (g *grown) importTitled(ctx context.Context, n int) error {
	for from := len(g.products); from < n; from += importAtOnce {
		to := min(from+importAtOnce, n)
		file, err := g.titled.csv(from, to)
		if err != nil {
			return err
		}
		if err := g.signStaffIn(ctx, g.door()); err != nil {
			return err
		}
		if err := g.staff.ImportAll(ctx, file); err != nil {
			return err
		}
		g.loader.Progress(grouped(to) + " products")
	}
	return g.loader.Settle(ctx, "catalog", "inventory")
}

// What shoppers also look for among titles.
const (
	cheapest     = "list of a category by price"
	searchWord   = "search for a word"
	filtersOfAll = "filters without a category"
	// With many products the other filters fill a page, and with few they find one or two products. These find about as many in both.
	filtersOfLarge = "filters in a large category"
)

// browsingTitles is measured in this order.
var browsingTitles = []string{detail, list, cheapest, search, searchWord, suggestions, facets, searchFacets, filters, filtersOfAll, filtersOfLarge, deepPages}

// browseTitled looks at any of n products, and for the words of the titles that the first of them have. It asks the gateway that keeps no copies.
func (g *grown) browseTitled(ctx context.Context, n int) (map[string]Scenario, error) {
	asked := func(path func(p *shopper, words []string) string) Scenario {
		return asks(func(p *shopper) string { return path(p, strings.Fields(g.titled[p.random.IntN(len(g.products))])) })
	}
	inCategory := func(words []string) string { return "limit=20&category=" + categoryOf(words) }
	large := g.titled[:len(g.products)].largeCategories(12)
	anyWord := func(p *shopper, words []string) string {
		return "limit=20&q=" + url.QueryEscape(words[p.random.IntN(len(words))])
	}
	twoWords := func(p *shopper, words []string) string {
		i := p.random.IntN(len(words) - 1)
		return "limit=20&q=" + url.QueryEscape(words[i]+" "+words[i+1])
	}
	filter := func(p *shopper) string {
		return "in_stock=true&sort=price_asc&max_price=6000&option.Size=Small&option.Color=" + editionColors[p.random.IntN(len(editionColors))]
	}
	deep, err := g.deepCursors(ctx, n/2)
	return map[string]Scenario{
		detail:     asks(func(p *shopper) string { return "/" + g.titled.product(p.random.IntN(n)).slug }),
		list:       asked(func(_ *shopper, words []string) string { return "?" + inCategory(words) }),
		cheapest:   asked(func(_ *shopper, words []string) string { return "?sort=price_asc&" + inCategory(words) }),
		search:     asked(func(p *shopper, words []string) string { return "?" + twoWords(p, words) }),
		searchWord: asked(func(p *shopper, words []string) string { return "?" + anyWord(p, words) }),
		suggestions: asked(func(_ *shopper, words []string) string {
			second := []rune(words[1])
			return "/suggestions?q=" + url.QueryEscape(words[0]+" "+string(second[:min(2, len(second))]))
		}),
		facets:       asked(func(_ *shopper, words []string) string { return "?facets=true&" + inCategory(words) }),
		searchFacets: asked(func(p *shopper, words []string) string { return "?facets=true&" + twoWords(p, words) }),
		filters:      asked(func(p *shopper, words []string) string { return "?" + filter(p) + "&" + inCategory(words) }),
		filtersOfAll: asks(func(p *shopper) string { return "?limit=20&" + filter(p) }),
		filtersOfLarge: asks(func(p *shopper) string {
			size := []string{"Small", "Large"}[p.random.IntN(2)]
			return "?limit=20&in_stock=true&sort=price_asc&max_price=9000&option.Size=" + size + "&category=" + large[p.random.IntN(len(large))]
		}),
		deepPages: asks(func(p *shopper) string { return deep[p.random.IntN(len(deep))] }),
	}, err
}

// titles compares what shoppers look for in a shop with many products named like those of a real shop.
func (g *Growth) titles(ctx context.Context, small, large *grown) error {
	if err := errors.Join(small.importTitled(ctx, few.Products), large.importTitled(ctx, g.Sizes.Products)); err != nil {
		return fmt.Errorf("import products: %w", err)
	}
	before, err := small.browseTitled(ctx, few.Products)
	if err != nil {
		return err
	}
	after, err := large.browseTitled(ctx, g.Sizes.Products)
	if err != nil {
		return err
	}
	return g.browsed(ctx, browsingTitles, small.Shop, large.Shop, before, after)
}
