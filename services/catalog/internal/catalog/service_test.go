package catalog_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"souk/platform/field"
	"souk/platform/pgtest"

	"souk/services/catalog/internal/catalog"
	"souk/services/catalog/internal/postgres"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func setup(t *testing.T) *catalog.Service {
	t.Helper()
	return catalog.New(postgres.New(pgtest.New(t, postgres.Migrations)), "GBP")
}

func product(title string, price int64) catalog.Content {
	return catalog.Content{Title: title, Variants: []catalog.Variant{{SKU: strings.ToUpper(catalog.Slugify(title)), Price: price}}}
}

func create(t *testing.T, s *catalog.Service, c catalog.Content) catalog.Product {
	t.Helper()
	p, err := s.Create(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func titles(page catalog.Page) []string {
	var out []string
	for _, p := range page.Products {
		out = append(out, p.Title)
	}
	return out
}

func TestPagesCoverTheListInEveryOrder(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for i := range 7 {
		c := product(fmt.Sprintf("Lamp %c", 'A'+(i*3)%7), int64(100*(i%3+1)))
		c.Description = strings.Repeat("lamp ", i)
		create(t, s, c)
	}
	for _, sort := range []catalog.Sort{catalog.ByRelevance, catalog.Newest, catalog.PriceAsc, catalog.PriceDesc, catalog.ByTitle} {
		query := catalog.Query{Text: "lamp", Sort: sort, Limit: 100}
		whole, err := s.List(t.Context(), query, "", false)
		if err != nil || len(whole.Products) != 7 || whole.More {
			t.Fatalf("%s: %d products, more %v, %v", sort, len(whole.Products), whole.More, err)
		}
		query.Limit = 3
		var paged []string
		cursor := ""
		for {
			page, err := s.List(t.Context(), query, cursor, false)
			if err != nil {
				t.Fatal(err)
			}
			paged = append(paged, titles(page)...)
			if !page.More {
				break
			}
			cursor = page.Cursors[len(page.Cursors)-1]
		}
		if !slices.Equal(paged, titles(whole)) {
			t.Errorf("%s: pages give %v, the whole is %v", sort, paged, titles(whole))
		}
	}
	byTitle, err := s.List(t.Context(), catalog.Query{Sort: catalog.ByTitle}, "", false)
	if err != nil || !slices.IsSorted(titles(byTitle)) {
		t.Errorf("by title: %v, %v", titles(byTitle), err)
	}
}

func TestACursorIsOfItsQueryAlone(t *testing.T) {
	t.Parallel()
	s := setup(t)
	create(t, s, product("Lamp", 100))
	create(t, s, product("Rug", 200))
	page, err := s.List(t.Context(), catalog.Query{Sort: catalog.PriceAsc, Limit: 1}, "", false)
	if err != nil || !page.More {
		t.Fatal(page.More, err)
	}
	bad := []string{"x", "%%%", strings.Repeat("a", 3000), "eyJrIjoieCJ9"}
	for _, cursor := range bad {
		if _, err := s.List(t.Context(), catalog.Query{Sort: catalog.PriceAsc}, cursor, false); !errors.Is(err, catalog.ErrBadCursor) {
			t.Errorf("cursor %.20q: %v, want ErrBadCursor", cursor, err)
		}
	}
	if _, err := s.List(t.Context(), catalog.Query{Sort: catalog.Newest}, page.Cursors[0], false); !errors.Is(err, catalog.ErrBadCursor) {
		t.Errorf("a cursor of another sort: %v, want ErrBadCursor", err)
	}
}

func TestFiltersAndFacets(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for i, category := range []string{"Café Ware", "Café Ware", "Rugs"} {
		c := product(fmt.Sprintf("Thing %d", i), int64(1000*(i+1)))
		c.Category, c.Brand = category, []string{"Atlas", "Oasis"}[i%2]
		create(t, s, c)
	}
	low, high := int64(1500), int64(2500)
	for want, query := range map[string]catalog.Query{
		"[Thing 1 Thing 0]": {Category: "cafe-ware"},
		"[Thing 2 Thing 0]": {Brand: "Atlas"},
		"[Thing 1]":         {MinPrice: &low, MaxPrice: &high},
		"[]":                {Text: "nothing of the kind"},
		"[Thing 2]":         {Text: "rugs"},
	} {
		page, err := s.List(t.Context(), query, "", true)
		if err != nil || fmt.Sprint(titles(page)) != want {
			t.Errorf("%+v: %v, %v; want %s", query, titles(page), err, want)
		}
	}
	page, err := s.List(t.Context(), catalog.Query{Limit: 1}, "", true)
	if want := "[{category [{cafe-ware Café Ware 2} {rugs Rugs 1}]} {brand [{Atlas Atlas 2} {Oasis Oasis 1}]}]"; err != nil || fmt.Sprint(page.Facets) != want {
		t.Errorf("facets = %v, %v; want %s", page.Facets, err, want)
	}
	categories, err := s.Categories(t.Context())
	if want := "[{cafe-ware Café Ware 2} {rugs Rugs 1}]"; err != nil || fmt.Sprint(categories) != want {
		t.Errorf("categories = %v, %v; want %s", categories, err, want)
	}
	var invalid *field.Error
	if _, err := s.List(t.Context(), catalog.Query{MinPrice: &high, MaxPrice: &low}, "", false); !errors.As(err, &invalid) || invalid.Violations[0].Field != "min_price" {
		t.Errorf("min above max: %v, want a violation of min_price", err)
	}
}

func TestSlugsAndSKUsBelongToOneProduct(t *testing.T) {
	t.Parallel()
	s := setup(t)
	first := create(t, s, product("Brass Lamp", 100))
	second := product("Brass Lamp", 100)
	second.Variants[0].SKU = "OTHER"
	if got := create(t, s, second); first.Slug != "brass-lamp" || got.Slug != "brass-lamp-2" {
		t.Errorf("slugs = %s, %s; want brass-lamp, brass-lamp-2", first.Slug, got.Slug)
	}
	second.Slug, second.Variants[0].SKU = "brass-lamp", "THIRD"
	if _, err := s.Create(t.Context(), second); !errors.Is(err, catalog.ErrSlugTaken) {
		t.Errorf("a taken slug: %v, want ErrSlugTaken", err)
	}
	var taken *catalog.SKUTakenError
	if _, err := s.Create(t.Context(), catalog.Content{Title: "New", Variants: first.Variants}); !errors.As(err, &taken) || taken.SKU != "BRASS-LAMP" {
		t.Errorf("a taken SKU: %v, want *SKUTakenError of BRASS-LAMP", err)
	}
}

func TestUpdateChecksTheVersionAndWithdrawTakesOffSale(t *testing.T) {
	t.Parallel()
	s := setup(t)
	p := create(t, s, product("Lamp", 100))
	renamed, err := s.Update(t.Context(), p.ID, p.Version, func(c *catalog.Content) { c.Title = "Big lamp" })
	if err != nil || renamed.Version != p.Version+1 {
		t.Fatal(renamed.Version, err)
	}
	if _, err := s.Update(t.Context(), p.ID, p.Version, func(c *catalog.Content) { c.Title = "Late" }); !errors.Is(err, catalog.ErrVersionMismatch) {
		t.Errorf("update of an old version: %v, want ErrVersionMismatch", err)
	}
	for _, name := range []string{p.ID, p.Slug} {
		if got, err := s.Product(t.Context(), name); err != nil || got.Title != "Big lamp" || len(got.Variants) != 1 {
			t.Errorf("Product(%s) = %+v, %v", name, got, err)
		}
	}
	if err := s.Withdraw(t.Context(), p.ID); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{p.ID, p.Slug, uuid.NewString(), "no such", "\x00", "nothing"} {
		if _, err := s.Product(t.Context(), name); !errors.Is(err, catalog.ErrNotFound) {
			t.Errorf("Product(%q): %v, want ErrNotFound", name, err)
		}
	}
	if variants, err := s.Variants(t.Context(), []string{"LAMP"}); err != nil || len(variants) != 0 {
		t.Errorf("variants of a withdrawn product: %v, %v", variants, err)
	}
}

func TestBadContentNamesItsFields(t *testing.T) {
	t.Parallel()
	s := setup(t)
	content := catalog.Content{
		Title: " ", Slug: "Not A Slug", Tags: []string{"a\x00"}, Images: []catalog.Image{{URL: "javascript:alert(1)"}},
		Variants: []catalog.Variant{{SKU: "A/B", Price: -1, Weight: -1}, {SKU: "X"}, {SKU: "X"}},
	}
	_, err := s.Create(t.Context(), content)
	var invalid *field.Error
	if !errors.As(err, &invalid) {
		t.Fatalf("err = %v, want a *field.Error", err)
	}
	var got []string
	for _, v := range invalid.Violations {
		got = append(got, v.Field)
	}
	want := []string{"slug", "title", "tags[0]", "tags[0]", "images[0].url", "variants[0].sku", "variants[0].price.amount", "variants[0].weight_grams", "variants[2].sku"}
	if !slices.Equal(got, want) {
		t.Errorf("fields = %v, want %v", got, want)
	}
}

const csvFile = "\uFEFFHandle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,Variant Grams,Variant Inventory Qty,Variant Price,Image Src,Image Position,Image Alt Text\r\n" +
	"lamp,Brass Lamp,\"<p>Warm &amp; bright.</p><p>\"\"Really\"\".</p>\",Atlas,Lamps,\"brass, light\",true,Size,Small,LMP-S,500,4,19.99,https://x.example/a.jpg,2,A\r\n" +
	"lamp,,,,,,,,Large,LMP-L,900,,29.99,https://x.example/b.jpg,1,B\r\n" +
	"lamp,,,,,,,,,,,,,https://x.example/c.jpg,3,C\r\n" +
	"rug,Rug,,,,,true,Title,Default Title,,,7,100,,,\r\n" +
	"bad,Bad price,,,,,true,Title,Default Title,BAD,,1,cheap,,,\r\n" +
	"rug,,,,,,,,,LMP-S,,,1,,,\r\n" +
	"secret,Secret,,,,,false,Title,Default Title,SEC,,1,5,,,\r\n" +
	"short,row\r\n"

func TestImportReportsBrokenRowsAndTakesTheRest(t *testing.T) {
	t.Parallel()
	s := setup(t)
	got, err := s.Import(t.Context(), []byte(csvFile))
	if err != nil {
		t.Fatal(err)
	}
	if got.Products != 3 || got.Variants != 4 || got.Created != 3 || got.Updated != 0 {
		t.Errorf("%+v; want 3 products, 4 variants, 3 created", got)
	}
	var lines []int
	for _, e := range got.Errors {
		lines = append(lines, e.Line)
	}
	if !slices.Equal(lines, []int{6, 7, 9}) {
		t.Errorf("errors on lines %v (%v), want 6, 7 and 9", lines, got.Errors)
	}
	if want := "[{LMP-S 4} {SEC 1} {rug 7}]"; fmt.Sprint(got.Stock) != want {
		t.Errorf("stock = %v, want %s", got.Stock, want)
	}
	lamp, err := s.Product(t.Context(), "lamp")
	if err != nil {
		t.Fatal(err)
	}
	if lamp.Description != `Warm & bright. "Really".` || fmt.Sprint(lamp.Tags) != "[brass light]" || lamp.Brand != "Atlas" {
		t.Errorf("lamp = %+v", lamp.Content)
	}
	if fmt.Sprint(lamp.Images) != "[{https://x.example/b.jpg B} {https://x.example/a.jpg A} {https://x.example/c.jpg C}]" {
		t.Errorf("images = %v, want them by position", lamp.Images)
	}
	if v := lamp.Variants[1]; v.SKU != "LMP-L" || v.Title != "Large" || v.Price != 2999 || v.Weight != 900 {
		t.Errorf("second variant = %+v", v)
	}
	if _, err := s.Product(t.Context(), "secret"); !errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("an unpublished product: %v, want ErrNotFound", err)
	}
}

func TestImportTwiceChangesNothingAndAChangeUpdates(t *testing.T) {
	t.Parallel()
	s := setup(t)
	if _, err := s.Import(t.Context(), []byte(csvFile)); err != nil {
		t.Fatal(err)
	}
	again, err := s.Import(t.Context(), []byte(csvFile))
	if err != nil || again.Created != 0 || again.Updated != 0 || again.Products != 3 {
		t.Errorf("again: %+v, %v; want nothing created or updated", again, err)
	}
	cheaper, err := s.Import(t.Context(), []byte(strings.Replace(csvFile, "29.99", "24.99", 1)))
	if err != nil || cheaper.Created != 0 || cheaper.Updated != 1 {
		t.Errorf("a new price: %+v, %v; want 1 updated", cheaper, err)
	}
}

func TestImportRefusesWhatIsNoProductFile(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for _, content := range []string{"", "a,b\n1,2\n", "\"unterminated"} {
		var invalid *field.Error
		if _, err := s.Import(t.Context(), []byte(content)); !errors.As(err, &invalid) || invalid.Violations[0].Field != "file" {
			t.Errorf("%q: %v, want a violation of file", content, err)
		}
	}
	hostile := "Handle,Title,Variant Price\nx,\"a\nb\",1\ny,\xff,1\nz,Z,99999999999999999999\n,No handle,1\nok,Fine,1\n"
	got, err := s.Import(t.Context(), []byte(hostile))
	if err != nil || got.Created != 1 || len(got.Errors) != 4 {
		t.Errorf("%+v, %v; want 1 created and 4 errors", got, err)
	}
}

// The samples of Shopify's partners lie beside the repository on the project's machines and are not part of it.
func TestImportTakesShopifysSamples(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][2]int{"apparel.csv": {20, 22}, "home-and-garden.csv": {20, 21}} {
		path := filepath.Join("../../../../../shared/data/shopify", name)
		content, err := os.ReadFile(path)
		if err != nil {
			t.Skipf("no sample at %s: %v", path, err)
		}
		s := setup(t)
		got, err := s.Import(t.Context(), content)
		if err != nil || len(got.Errors) != 0 || got.Products != want[0] || got.Variants != want[1] || got.Created != want[0] {
			t.Errorf("%s: %+v, %v; want %v", name, got, err, want)
		}
		if again, err := s.Import(t.Context(), content); err != nil || again.Created+again.Updated != 0 {
			t.Errorf("%s again: %+v, %v", name, again, err)
		}
	}
}
