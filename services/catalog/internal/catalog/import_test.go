package catalog_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"souk/platform/field"

	"souk/services/catalog/internal/catalog"
)

func fixture(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// load imports a file and fails the test on an error.
func load(t *testing.T, s *catalog.Service, file string) catalog.Imported {
	t.Helper()
	got, err := s.Import(t.Context(), strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestImportReadsWhatShopifyExports(t *testing.T) {
	t.Parallel()
	s := setup(t)
	got := load(t, s, string(fixture(t, "products.csv")))
	if got.Products != 4 || got.Variants != 5 || got.Created != 4 || got.Updated != 0 || len(got.Errors) != 0 {
		t.Errorf("%+v; want 4 products with 5 variants, all new", got)
	}
	if want := "[{LMP-S 4} {SEC 1} {rug 0}]"; fmt.Sprint(got.Stock) != want {
		t.Errorf("stock = %v, want %s", got.Stock, want)
	}
	lamp, err := s.Product(t.Context(), "brass-lamp")
	if err != nil {
		t.Fatal(err)
	}
	if lamp.Description != "Warm & bright.\n\n\"Really\", it is warm." {
		t.Errorf("description = %q, want two paragraphs without markup or script", lamp.Description)
	}
	if lamp.Title != "Brass Lamp" || lamp.Brand != "Atlas" || lamp.Category != "Lamps" || fmt.Sprint(lamp.Tags) != "[brass light]" {
		t.Errorf("lamp = %+v", lamp.Content)
	}
	if want := []catalog.Image{{URL: "https://img.example/b.jpg"}, {URL: "https://img.example/a.jpg", Alt: "Seen from the side"}, {URL: "https://img.example/c.jpg"}}; !slices.Equal(lamp.Images, want) {
		t.Errorf("images = %v, want them by position", lamp.Images)
	}
	if want := "[{LMP-S Small / Matt [{Size Small} {Finish Matt}] 1999 454} {brass-lamp:Large:Matt Large / Matt [{Size Large} {Finish Matt}] 2999 900}]"; inFile(lamp.Variants) != want {
		t.Errorf("variants = %v, want %s", inFile(lamp.Variants), want)
	}
	rug, err := s.Product(t.Context(), "rug")
	if err != nil || rug.Category != "Home & Garden > Décor > Rugs" || inFile(rug.Variants) != "[{rug  [] 10000 0}]" {
		t.Errorf("rug = %+v, %v; want no options and the whole path of Shopify's category", rug.Content, err)
	}
	for _, hidden := range []string{"secret", "draft"} {
		if _, err := s.Product(t.Context(), hidden); !errors.Is(err, catalog.ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", hidden, err)
		}
	}
}

func TestImportReportsBrokenRowsAndImportsTheRest(t *testing.T) {
	t.Parallel()
	s := setup(t)
	owner := product("Owner", 100)
	owner.Variants[0].SKU = "TAKEN"
	create(t, s, owner)
	for i := range 2 {
		got := load(t, s, string(fixture(t, "broken.csv")))
		if got.Products != 3 || got.Variants != 4 || got.Created != 3*(1-i) || got.Updated != 0 {
			t.Errorf("import %d: %d products, %d variants, %d created, %d updated; want fine with two variants, foreign and ftp with one",
				i+1, got.Products, got.Variants, got.Created, got.Updated)
		}
		want := map[int]string{
			3: "Variant Price", 5: "line 2", 6: "Variant Price", 9: "TITLE", 10: "line 9", 11: "handle", 12: "handle", 13: "no variant",
			14: "TAKEN", 17: "Variant Grams", 18: "Variant Inventory Qty",
		}
		var lines []int
		for _, e := range got.Errors {
			lines = append(lines, e.Line)
			if !strings.Contains(e.Message, want[e.Line]) || want[e.Line] == "" {
				t.Errorf("line %d: %s; want it to name %q", e.Line, e.Message, want[e.Line])
			}
		}
		if len(lines) != len(want) || !slices.IsSorted(lines) {
			t.Errorf("errors on lines %v, want %d of them in order", lines, len(want))
		}
	}
}

func TestImportTwiceChangesNothingAndAChangeUpdates(t *testing.T) {
	t.Parallel()
	s := setup(t)
	file := string(fixture(t, "products.csv"))
	load(t, s, file)
	before, err := s.Product(t.Context(), "brass-lamp")
	if err != nil {
		t.Fatal(err)
	}
	if again := load(t, s, file); again.Created != 0 || again.Updated != 0 || again.Products != 4 {
		t.Errorf("again: %+v; want nothing created or updated", again)
	}
	if cheaper := load(t, s, strings.Replace(file, "29.99", "24.99", 1)); cheaper.Created != 0 || cheaper.Updated != 1 {
		t.Errorf("a new price: %+v; want 1 updated", cheaper)
	}
	after, err := s.Product(t.Context(), "brass-lamp")
	if err != nil || after.Version != before.Version+1 || after.ID != before.ID || after.Variants[1].Price != 2499 {
		t.Errorf("after: %+v, %v; want the same product, a version on", after, err)
	}
}

func TestImportNormalizesText(t *testing.T) {
	t.Parallel()
	s := setup(t)
	tidy := "Handle,Title,Vendor,Variant SKU,Variant Price\nlamp,Café Lamp,Café Nord,A,1\n"
	untidy := "Handle,Title,Vendor,Variant SKU,Variant Price\nlamp,Cafe\u0301  Lamp,Café\u00a0Nord ,A,1\n"
	load(t, s, untidy)
	if lamp, err := s.Product(t.Context(), "lamp"); err != nil || lamp.Title != "Café Lamp" || lamp.Brand != "Café Nord" {
		t.Errorf("%+v, %v; want Café Lamp by Café Nord", lamp.Content, err)
	}
	for _, file := range []string{untidy, tidy} {
		if again := load(t, s, file); again.Updated != 0 {
			t.Errorf("%q again: %+v; want nothing updated", file, again)
		}
	}
	load(t, s, strings.Replace(untidy, ",1", ",2", 1))
	if lamp, err := s.Product(t.Context(), "lamp"); err != nil || lamp.Title != "Café Lamp" || lamp.Version != 2 {
		t.Errorf("after a new price: %+v, %v; want Café Lamp still", lamp, err)
	}
}

const oneLamp = "Handle,Title,Variant SKU,Variant Price\nlamp,Lamp,A,1\nlamp,,B,2\n"

func TestImportReplacesVariantsAndPublishesAWithdrawnProduct(t *testing.T) {
	t.Parallel()
	s := setup(t)
	load(t, s, oneLamp)
	lamp, err := s.Product(t.Context(), "lamp")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Withdraw(t.Context(), lamp.ID); err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(oneLamp, ",A,", ",C,", 1)
	if hidden := load(t, s, changed); hidden.Updated != 1 {
		t.Errorf("%+v; want it updated", hidden)
	}
	if _, err := s.Product(t.Context(), "lamp"); !errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("%v; want the product withdrawn still, because the file does not say whether it is published", err)
	}
	published := strings.NewReplacer("Price\n", "Price,Published\n", ",1\n", ",1,TRUE\n").Replace(changed)
	got := load(t, s, published)
	back, err := s.Product(t.Context(), "lamp")
	if err != nil || got.Updated != 1 || back.ID != lamp.ID || back.Variants[0].SKU != "C" || back.Variants[1].SKU != "B" {
		t.Errorf("%+v, %+v, %v; want the product back with C and B", got, back, err)
	}
	if left, err := s.Variants(t.Context(), []string{"A", "B", "C"}); err != nil || len(left) != 2 {
		t.Errorf("variants: %v, %v; want B and C", left, err)
	}
}

func TestASKUMovesIfItsOldProductGivesItUpInTheSameFile(t *testing.T) {
	t.Parallel()
	s := setup(t)
	load(t, s, "Handle,Title,Variant SKU,Variant Price\na,A,1,1\na,,2,1\nb,B,3,1\nc,C,4,1\nd,D,5,1\n")
	// SKU 2 moves from a to b, 3 from b to c, and 4 from c to new: each product waits for the next.
	moved := "Handle,Title,Variant SKU,Variant Price\nnew,New,4,1\nc,C,3,1\nb,B,2,1\na,A,1,1\n"
	got := load(t, s, moved)
	if got.Created != 1 || got.Updated != 3 || len(got.Errors) != 0 {
		t.Fatalf("%+v; want 1 created and 3 updated", got)
	}
	if again := load(t, s, moved); again.Created+again.Updated != 0 {
		t.Errorf("again: %+v; want nothing changed", again)
	}
	// SKU 5 stays with d, because the file does not contain d. Products a and b swap SKUs.
	swapped := load(t, s, "Handle,Title,Variant SKU,Variant Price\na,A,2,1\nb,B,1,1\nc,C,3,1\nc,,5,1\n")
	var lines []int
	for _, e := range swapped.Errors {
		lines = append(lines, e.Line)
	}
	if swapped.Products != 3 || swapped.Updated != 2 || !slices.Equal(lines, []int{5}) {
		t.Errorf("%+v; want a and b updated, c as it was, and an error on line 5", swapped)
	}
}

func TestConcurrentImportsOfOneFileAgree(t *testing.T) {
	t.Parallel()
	s := setup(t)
	var file strings.Builder
	file.WriteString("Handle,Title,Variant SKU,Variant Price\n")
	const products = 60
	for i := range products {
		fmt.Fprintf(&file, "p-%d,Product %d,SKU-%d,1\np-%d,,SKU-%d-B,2\n", i, i, i, i, i)
	}
	var group sync.WaitGroup
	got := make([]catalog.Imported, 3)
	for i := range got {
		group.Go(func() {
			var err error
			if got[i], err = s.Import(t.Context(), strings.NewReader(file.String())); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	created := 0
	for _, g := range got {
		created += g.Created
		if g.Products != products || g.Updated != 0 || len(g.Errors) != 0 {
			t.Errorf("%d products, %d updated, errors %v; want %d, 0 and none", g.Products, g.Updated, g.Errors, products)
		}
	}
	if created != products {
		t.Errorf("%d created in all, want %d", created, products)
	}
}

func TestImportKeepsProductsWithinTheirLimits(t *testing.T) {
	t.Parallel()
	s := setup(t)
	var file strings.Builder
	file.WriteString("Handle,Title,Variant SKU,Variant Price,Image Src\nlamp,Lamp,A,1,\n")
	for i := range 52 {
		fmt.Fprintf(&file, "lamp,,,,https://img.example/%d.jpg\n", i)
	}
	got := load(t, s, file.String())
	lamp, err := s.Product(t.Context(), "lamp")
	if err != nil || len(lamp.Images) != 50 || len(got.Errors) != 0 || len(got.Warnings) != 2 || got.Warnings[0].Line != 53 {
		t.Errorf("%d images, errors %v, warnings %v, %v; want 50 images and warnings from line 53", len(lamp.Images), got.Errors, got.Warnings, err)
	}
}

func TestAnImportOfOnlyBrokenRowsHasAShortReport(t *testing.T) {
	t.Parallel()
	s := setup(t)
	file := "Handle,Title,Variant Price\n" + strings.Repeat("x,X,"+strings.Repeat("9", 1000)+"\n", 1500)
	got := load(t, s, file)
	if len(got.Errors) != 1001 || !strings.Contains(got.Errors[1000].Message, "500 more") || got.Errors[1000].Line != 1002 {
		t.Errorf("%d errors, the last %v; want 1,000 and a count of the other 500", len(got.Errors), got.Errors[len(got.Errors)-1])
	}
	if longest := len(got.Errors[0].Message); longest > 300 {
		t.Errorf("a message has %d characters, want 300 at most", longest)
	}
}

func TestImportRefusesFilesThatAreNotProductCSVs(t *testing.T) {
	t.Parallel()
	s := setup(t)
	var tooMany strings.Builder
	tooMany.WriteString("Handle,Title,Variant Price\n")
	for i := range 200_001 {
		fmt.Fprintf(&tooMany, "p%d,,1\n", i)
	}
	manyRows := "Handle\n" + strings.Repeat("a\n", 2200_001)
	for _, content := range []string{"", "a,b\n1,2\n", "Title,Variant Price\nx,1\n", "\"unterminated", "\x00\xff", tooMany.String(), manyRows} {
		var invalid *field.Error
		if _, err := s.Import(t.Context(), strings.NewReader(content)); !errors.As(err, &invalid) || invalid.Violations[0].Field != "body" {
			t.Errorf("%.20q: %v, want a violation of file", content, err)
		}
	}
	hostile := "Handle,Title,Variant Price\nx,\"a\nb\",1\ny,é\xff,1\nz,Z,99999999999999999999\n,No handle,1\nok,Fine,1\nnul,\x00,1\n"
	got := load(t, s, hostile)
	if got.Created != 1 || len(got.Errors) != 5 {
		t.Errorf("%+v; want 1 created and 5 errors", got)
	}
}

// TestImportAcceptsShopifysSamples imports Shopify's sample files from the folder SOUK_SHOPIFY_SAMPLES. They are not part of the
// repository.
func TestImportAcceptsShopifysSamples(t *testing.T) {
	t.Parallel()
	samples := os.Getenv("SOUK_SHOPIFY_SAMPLES")
	if samples == "" {
		t.Skip("SOUK_SHOPIFY_SAMPLES is not set")
	}
	for name, want := range map[string][2]int{"apparel.csv": {20, 22}, "home-and-garden.csv": {20, 21}} {
		path := filepath.Join(samples, name)
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s := setup(t)
		got, err := s.Import(t.Context(), bytes.NewReader(content))
		if err != nil || len(got.Errors) != 0 || got.Products != want[0] || got.Variants != want[1] || got.Created != want[0] {
			t.Errorf("%s: %+v, %v; want %v", name, got, err, want)
		}
		if again, err := s.Import(t.Context(), bytes.NewReader(content)); err != nil || again.Created+again.Updated != 0 {
			t.Errorf("%s again: %+v, %v", name, again, err)
		}
	}
}

func TestABrokenRowRemovesNoVariant(t *testing.T) {
	t.Parallel()
	s := setup(t)
	const file = "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price\nlamp,Lamp,Size,S,LMP-S,10\nlamp,,,M,LMP-M,20\nlamp,,,L,LMP-L,30\n"
	if _, err := s.Import(t.Context(), strings.NewReader(file)); err != nil {
		t.Fatal(err)
	}
	typo := strings.Replace(strings.Replace(file, ",20", ",twenty", 1), ",30", ",33", 1)
	got, err := s.Import(t.Context(), strings.NewReader(typo))
	if err != nil || len(got.Errors) != 1 || got.Updated != 1 {
		t.Fatalf("%+v, %v; want one error and one product updated", got, err)
	}
	prices := map[string]int64{}
	variants, err := s.Variants(t.Context(), []string{"LMP-S", "LMP-M", "LMP-L"})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range variants {
		prices[v.SKU] = v.Price
	}
	if want := map[string]int64{"LMP-S": 1000, "LMP-M": 2000, "LMP-L": 3300}; !maps.Equal(prices, want) {
		t.Errorf("prices = %v, want %v", prices, want)
	}
}
