package catalog_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"souk/services/catalog/internal/catalog"
)

// loadFixture imports a file of testdata, and then again, which must change nothing.
func loadFixture(t *testing.T, s *catalog.Service, name string) catalog.Imported {
	t.Helper()
	file := string(fixture(t, name))
	got := load(t, s, file)
	if again := load(t, s, file); again.Created+again.Updated != 0 || again.Products != got.Products || again.Variants != got.Variants {
		t.Errorf("%s again: %+v; want nothing changed", name, again)
	}
	return got
}

// found returns a product by its slug or ID.
func found(t *testing.T, s *catalog.Service, slug string) catalog.Product {
	t.Helper()
	p, err := s.Product(t.Context(), slug)
	if err != nil {
		t.Errorf("%s: %v", slug, err)
	}
	return p
}

// all returns all products on sale, the oldest first.
func all(t *testing.T, s *catalog.Service) []catalog.Product {
	t.Helper()
	page, err := s.List(t.Context(), catalog.Query{Limit: 100}, "", false)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(page.Products)
	return page.Products
}

func skus(products ...catalog.Product) (list []string) {
	for _, p := range products {
		for _, v := range p.Variants {
			list = append(list, v.SKU)
		}
	}
	slices.Sort(list)
	return list
}

// clean fails the test if an import left something out.
func clean(t *testing.T, got catalog.Imported) {
	t.Helper()
	if len(got.Errors)+len(got.Warnings) != 0 {
		t.Errorf("errors %v, warnings %v; want none", got.Errors, got.Warnings)
	}
}

// inFile returns what every file of products says of variants: SKU, title, options, price and weight.
func inFile(variants []catalog.Variant) string {
	written := make([]string, len(variants))
	for i, v := range variants {
		written[i] = fmt.Sprint("{", v.SKU, " ", v.Title, " ", v.Options, " ", v.Price, " ", v.Weight, "}")
	}
	return fmt.Sprint(written)
}

func TestBothGenerationsOfHeadersAreRead(t *testing.T) {
	t.Parallel()
	s := setup(t)
	got := loadFixture(t, s, "header-of-2024.csv")
	clean(t, got)
	kettle := found(t, s, "mm01-kettle")
	if want := "[{MM01-1 Red [{Color Red}] 2000 900} {MM01-2 Blue [{Color Blue}] 2100 900}]"; inFile(kettle.Variants) != want {
		t.Errorf("variants = %v, want %s", inFile(kettle.Variants), want)
	}
	if kettle.Description != "Boils." || kettle.Category != "Kettle" || !slices.Equal(kettle.Images, []catalog.Image{{URL: "https://img.example/k.jpg"}}) {
		t.Errorf("%+v", kettle.Content)
	}
	if fmt.Sprint(got.Stock) != "[{MM01-1 4} {MM01-2 5}]" {
		t.Errorf("stock = %v", got.Stock)
	}
	got = loadFixture(t, s, "mixed-header.csv")
	clean(t, got)
	if ring := found(t, s, "mm02-ring"); ring.Description != "Gold." || ring.Variants[0].Price != 10000 || fmt.Sprint(got.Stock) != "[{MM02-1 2}]" {
		t.Errorf("%+v, stock %v", ring.Content, got.Stock)
	}
	clean(t, loadFixture(t, s, "old-category.csv"))
	if lamp := found(t, s, "mm10-a"); lamp.Category != "Table lamps" {
		t.Errorf("category = %q, want that of Custom Product Type", lamp.Category)
	}
	load(t, s, "Handle,Title,Standard Product Type,Custom Product Type,Variant Price\nsofa,Sofa,Furniture > Sofas,,1\n")
	if sofa := found(t, s, "sofa"); sofa.Category != "Furniture > Sofas" {
		t.Errorf("category = %q, want the whole path of Standard Product Type", sofa.Category)
	}
}

func TestSKUsAreImportedAsTheyAre(t *testing.T) {
	t.Parallel()
	s := setup(t)
	got := loadFixture(t, s, "odd-skus.csv")
	want := []string{"#MM05", "0112", "MM05 (EU)", "MM05 -x", "MM05&H", "MM05+OT", "MM05-Ø30", "MM05/40", "MM05:I"}
	if have := skus(all(t, s)...); got.Created != 9 || len(got.Errors) != 0 || !slices.Equal(have, want) {
		t.Errorf("%+v, SKUs %q; want %q", got, have, want)
	}
	if len(got.Warnings) != 1 || got.Warnings[0].Handle != "mm05-g" || got.Warnings[0].Column != "Variant SKU" {
		t.Errorf("warnings = %v; want one about the line break", got.Warnings)
	}
	long := load(t, s, "Handle,Title,Variant SKU,Variant Price\nlong,Long,"+strings.Repeat("x", 101)+",1\n")
	if len(long.Errors) != 1 || long.Errors[0].Column != "Variant SKU" {
		t.Errorf("%+v; want an error about the SKU", long)
	}
}

func TestEmptyCellsAtTheEndAreNothing(t *testing.T) {
	t.Parallel()
	s := setup(t)
	got := loadFixture(t, s, "extra-cells.csv")
	clean(t, got)
	if got.Created != 2 {
		t.Errorf("%+v, want 2 created", got)
	}
	short := load(t, s, "Handle,Title,Variant SKU,Variant Price,Vendor,Tags\nshort,Short,S-1,3\nlong,Long,L-1,3,Acme,a,,too much\n")
	if short.Created != 1 || len(short.Errors) != 1 || short.Errors[0].Handle != "long" || !strings.Contains(short.Errors[0].Message, "8 cells") {
		t.Errorf("%+v; want short created and an error about long", short)
	}
}

func TestAColumnThatIsMissingChangesNothing(t *testing.T) {
	t.Parallel()
	s := setup(t)
	clean(t, loadFixture(t, s, "whole-product.csv"))
	before := found(t, s, "mm20-a")
	if before.Description != "Long text" || before.Brand != "Acme" || len(before.Variants) != 2 || len(before.Images) != 1 {
		t.Fatalf("%+v", before.Content)
	}
	got := loadFixture(t, s, "price-update.csv")
	clean(t, got)
	want := before.Content
	want.Variants = slices.Clone(want.Variants)
	want.Variants[0].Price = 900
	if after := found(t, s, "mm20-a"); got.Updated != 1 || fmt.Sprint(after.Content) != fmt.Sprint(want) {
		t.Errorf("%+v\nwant the price of MM20-1 changed alone: %+v", after.Content, want)
	}
}

func TestAnUpdateNeedsOnlyWhatItChanges(t *testing.T) {
	t.Parallel()
	s := setup(t)
	load(t, s, string(fixture(t, "two-products.csv")))
	stock := loadFixture(t, s, "stock-update.csv")
	clean(t, stock)
	if fmt.Sprint(stock.Stock) != "[{MM16-1 9}]" || stock.Updated != 0 {
		t.Errorf("%+v; want a stock of 9 alone", stock)
	}
	clean(t, loadFixture(t, s, "title-only.csv"))
	if a := found(t, s, "mm16-a"); a.Title != "Mm16 A new" || len(a.Variants) != 1 || a.Variants[0].SKU != "MM16-1" || a.Variants[0].Price != 1000 {
		t.Errorf("%+v; want a new title alone", a.Content)
	}
	clean(t, load(t, s, "URL handle,Price\nmm16-a,11\n"))
	clean(t, load(t, s, "Handle,Tags\nmm16-a,\"x, y\"\n"))
	clean(t, load(t, s, "Handle,Variant Inventory Qty,Variant Grams\nmm16-a,3,70\n"))
	if a := found(t, s, "mm16-a"); a.Variants[0].Price != 1100 || a.Variants[0].Weight != 70 || fmt.Sprint(a.Tags) != "[x y]" {
		t.Errorf("%+v; want a new price, a weight and tags", a.Content)
	}
	unknown := load(t, s, "Handle,Title,Variant SKU,Variant Inventory Qty\nnew,,N-1,1\nother,Other,O-1,1\nmm16-a,,MM16-9,1\n")
	var about []string
	for _, e := range unknown.Errors {
		about = append(about, e.Handle+" "+e.Column)
	}
	if want := []string{"new Title", "other Variant Price", "mm16-a Variant Price"}; !slices.Equal(about, want) || unknown.Created != 0 {
		t.Errorf("errors %v; want %v, because new products and variants need them", unknown.Errors, want)
	}
}

func TestARowThatDoesNotSayItsVariantIsRefused(t *testing.T) {
	t.Parallel()
	s := setup(t)
	load(t, s, oneLamp)
	got := load(t, s, "Handle,Variant Price\nlamp,5\n")
	if lamp := found(t, s, "lamp"); len(got.Errors) != 1 || got.Errors[0].Handle != "lamp" || len(lamp.Variants) != 2 || lamp.Variants[0].Price != 100 {
		t.Errorf("%+v, %+v; want an error and the product as it was", got, lamp.Content)
	}
	load(t, s, "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price\nmug,Mug,Size,S,M-S,1\nmug,,,L,M-L,2\n")
	clean(t, load(t, s, "Handle,Option1 Value,Variant Price\nmug,L,3\nmug,S,1\n"))
	if want := "[{M-L L [{Size L}] 300 0} {M-S S [{Size S}] 100 0}]"; inFile(found(t, s, "mug").Variants) != want {
		t.Errorf("variants %v; want %s", inFile(found(t, s, "mug").Variants), want)
	}
}

func TestProblemsSayRecordHandleColumnAndValue(t *testing.T) {
	t.Parallel()
	s := setup(t)
	got := load(t, s, "Handle,Title,Body (HTML),Price,Image Src\na,A,\"one\ntwo\",1,nowhere\n\nb,B,,five,\n")
	wantError := catalog.Problem{
		Record: 4, Line: 5, Handle: "b", Column: "Price", Value: "five", Message: "Price: is not a number that fits",
	}
	wantWarning := catalog.Problem{
		Record: 2, Line: 2, Handle: "a", Column: "Image Src", Value: "nowhere",
		Message: "Image Src: must be an http or https URL of at most 2048 characters; the image was left out",
	}
	if len(got.Errors) != 1 || got.Errors[0] != wantError || len(got.Warnings) != 1 || got.Warnings[0] != wantWarning {
		t.Errorf("errors %+v, warnings %+v;\nwant %+v and %+v", got.Errors, got.Warnings, wantError, wantWarning)
	}
}

func TestHandlesAreComparedAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for name, want := range map[string]int{"similar-handles.csv": 4, "arabic-handles.csv": 4, "long-handles.csv": 2} {
		got := loadFixture(t, s, name)
		clean(t, got)
		if got.Created != want {
			t.Errorf("%s: %+v; want %d created", name, got, want)
		}
	}
	file := "Handle,Title,Variant SKU,Variant Price\npâté,Pâté,P-1,1\npate,Pate,P-2,2\n煎茶T,Sencha,T-1,3\n抹茶T,Matcha,T-2,4\nPATE,PATE,P-3,5\npa-te,Pa,P-4,6\npa te,Pa,P-5,7\n"
	got := load(t, s, file)
	clean(t, got)
	if got.Created != 7 {
		t.Errorf("%+v; want 7 created", got)
	}
	lines := strings.Split(strings.TrimSpace(file), "\n")
	slices.Reverse(lines[1:])
	if again := load(t, s, strings.Join(lines, "\n")); again.Created+again.Updated+len(again.Errors) != 0 {
		t.Errorf("in another order: %+v; want nothing changed", again)
	}
	if p := found(t, s, "pate"); p.Title != "Pate" {
		t.Errorf("the slug pate is that of %s, want that of the handle pate", p.Title)
	}
	decomposed := load(t, s, "Handle,Title,Variant SKU,Variant Price\npa\u0302te\u0301,Pâté,P-1,9\n")
	if decomposed.Updated != 1 || len(decomposed.Errors) != 0 {
		t.Errorf("in another Unicode form: %+v; want the same product updated", decomposed)
	}
}

func TestAProductThatNoFileNamedIsFoundByItsSlug(t *testing.T) {
	t.Parallel()
	s := setup(t)
	lamp := create(t, s, catalog.Content{Title: "Lamp", Variants: []catalog.Variant{{SKU: "L", Price: 100}}})
	// Until handles were stored, this product of the handle Pâté! got this slug.
	pate := create(t, s, catalog.Content{Title: "Pate", Slug: "pate", Variants: []catalog.Variant{{SKU: "P", Price: 100}}})
	file := "Handle,Title,Variant SKU,Variant Price\nlamp,Lamp,L,2\nPâté!,Pâté,P,2\nPäté,Other,Q,2\n"
	got := load(t, s, file)
	if got.Updated != 2 || got.Created != 1 || len(got.Errors) != 0 {
		t.Errorf("%+v; want the two products updated and one created", got)
	}
	for _, id := range []string{lamp.ID, pate.ID} {
		if p := found(t, s, id); p.Variants[0].Price != 200 {
			t.Errorf("%+v; want the price of the file", p)
		}
	}
	if again := load(t, s, file); again.Created+again.Updated+len(again.Errors) != 0 {
		t.Errorf("again: %+v; want nothing changed", again)
	}
}

func TestMadeSKUsNeverCollideAndStayTheSame(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int{"made-sku-collides.csv": 6, "long-handle-made-sku.csv": 2} {
		s, other := setup(t), setup(t)
		got := loadFixture(t, s, name)
		clean(t, got)
		made := skus(all(t, s)...)
		if len(slices.Compact(made)) != want {
			t.Errorf("%s: %q; want %d SKUs", name, made, want)
		}
		lines := strings.Split(strings.TrimSpace(string(fixture(t, name))), "\n")
		header, rows := lines[0], lines[1:]
		slices.Reverse(rows)
		load(t, other, header+"\n"+strings.Join(rows, "\n"))
		if again := skus(all(t, other)...); !slices.Equal(again, made) {
			t.Errorf("%s in another order: %q, want %q", name, again, made)
		}
	}
	s := setup(t)
	odd := "Handle,Title,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,Variant Price\n" +
		"a,A,Sphere,+2.00,,,,1\na,,,-2.00,,,,1\nb,B,Color,红,,,,1\nb,,,蓝,,,,1\nc,C,Size,S,,,,1\nc,,,S+,,,,1\n" +
		"d,D,Size,S:M,Fit,L,,1\nd,,,S,,M:L,,1\ne,E,,,,,d:S,1\nd:S,DS,,,,,,1\n"
	got := load(t, s, odd)
	clean(t, got)
	if n := len(slices.Compact(skus(all(t, s)...))); n != 10 {
		t.Errorf("%q; want 10 SKUs", skus(all(t, s)...))
	}
	if again := load(t, s, odd); again.Created+again.Updated+len(again.Errors) != 0 {
		t.Errorf("again: %+v", again)
	}
}

func TestARowWithoutASKUKeepsThatOfItsVariant(t *testing.T) {
	t.Parallel()
	s := setup(t)
	load(t, s, "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price\nmug,Mug,Size,S,M-S,1\nmug,,,L,M-L,2\n")
	clean(t, load(t, s, "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price\nmug,Mug,Size,S,,3\nmug,,,M,,4\nmug,,,L,,5\n"))
	if got := skus(found(t, s, "mug")); !slices.Equal(got, []string{"M-L", "M-S", "mug:M"}) {
		t.Errorf("SKUs %q; want those of before and one that is made", got)
	}
}

func TestRepeatedSKUsAreKeptApart(t *testing.T) {
	t.Parallel()
	s := setup(t)
	got := loadFixture(t, s, "same-sku.csv")
	if want := []string{"MM06:mm06-a:L", "MM06:mm06-a:M", "MM06:mm06-a:S", "MM06:mm06-b"}; len(got.Errors) != 0 || !slices.Equal(skus(all(t, s)...), want) {
		t.Errorf("%+v, SKUs %q; want %q", got, skus(all(t, s)...), want)
	}
	if len(got.Warnings) != 4 || got.Warnings[0].Value != "MM06" || !strings.Contains(got.Warnings[0].Message, "MM06:mm06-a:S") {
		t.Errorf("warnings %v; want one for each variant", got.Warnings)
	}
	s = setup(t)
	one := "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price\nmug,Mug,Size,S,M,1\nmug,,,L,M,2\n"
	load(t, s, one)
	if got := skus(found(t, s, "mug")); !slices.Equal(got, []string{"M:L", "M:S"}) {
		t.Errorf("SKUs %q; want them made of the SKU and the options", got)
	}
	// Each is still its variant when another product has the SKU as well, and when its row is alone.
	load(t, s, one+"cup,Cup,,,M,3\n")
	load(t, s, "Handle,Option1 Value,Variant SKU,Variant Price\nmug,L,M,9\n")
	if got := skus(all(t, s)...); !slices.Equal(got, []string{"M:L", "M:cup"}) {
		t.Errorf("SKUs %q; want those of before", got)
	}
}

func TestUntrackedAndPreorderedVariantsAreSoldWithoutStock(t *testing.T) {
	t.Parallel()
	s := setup(t)
	got := loadFixture(t, s, "untracked.csv")
	clean(t, got)
	if got.WithoutQuantity != 1 || len(got.Stock) != 2 {
		t.Errorf("%d rows without a quantity, stock %v; want 1 and that of two others", got.WithoutQuantity, got.Stock)
	}
	rules := map[string]catalog.StockRule{"mm12-a": {Untracked: true}, "mm12-b": {ContinueSelling: true}, "mm12-c": {}}
	check := func() {
		t.Helper()
		for slug, want := range rules {
			if got := found(t, s, slug).Variants[0].StockRule; got != want {
				t.Errorf("%s: %+v, want %+v", slug, got, want)
			}
		}
	}
	check()
	clean(t, load(t, s, "Handle,Variant SKU,Variant Price\nmm12-a,MM12-1,11\nmm12-b,MM12-2,12\n"))
	check()
	clean(t, load(t, s, "URL handle,SKU,Inventory tracker,Continue selling when out of stock\nmm12-a,MM12-1,shopify,CONTINUE\nmm12-b,MM12-2,shopify,FALSE\nmm12-c,MM12-3,shopify,VRAI\n"))
	rules = map[string]catalog.StockRule{"mm12-a": {ContinueSelling: true}, "mm12-b": {}, "mm12-c": {ContinueSelling: true}}
	check()
	odd := load(t, s, "Handle,Variant SKU,Variant Inventory Policy\nmm12-a,MM12-1,perhaps\n")
	if len(odd.Errors) != 0 || len(odd.Warnings) != 1 || odd.Warnings[0].Column != "Variant Inventory Policy" || odd.Warnings[0].Value != "perhaps" {
		t.Errorf("errors %v, warnings %v", odd.Errors, odd.Warnings)
	}
	check()
}
