package catalog_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"souk/services/catalog/internal/catalog"
)

// offerOf returns what a file says about the offer of a variant.
func offerOf(v catalog.Variant) string {
	compareAt, image := "none", "none"
	if v.CompareAt != nil {
		compareAt = fmt.Sprint(*v.CompareAt)
	}
	if v.Image != nil {
		image = v.Image.URL + " " + v.Image.Alt
	}
	return strings.TrimSpace(strings.Join([]string{compareAt, v.Barcode, image}, " | "))
}

func expectOffers(t *testing.T, p catalog.Product, want ...string) {
	t.Helper()
	if len(p.Variants) != len(want) {
		t.Fatalf("%d variants, want %d", len(p.Variants), len(want))
	}
	for i, v := range p.Variants {
		if got := offerOf(v); got != want[i] {
			t.Errorf("%s: %q, want %q", v.SKU, got, want[i])
		}
	}
}

func TestOffersAreReadFromFilesOfBothGenerations(t *testing.T) {
	t.Parallel()
	small := "1500 | 4006381333931 | https://img.example/small.jpg"
	for file, want := range map[string][]string{
		"offers.csv":         {small + " A small mug", "none | 0012345678905 | https://img.example/other.jpg"},
		"offers-of-2024.csv": {small, "none |  | none"},
	} {
		s := setup(t)
		clean(t, loadFixture(t, s, file))
		mug := found(t, s, "tea-mug")
		expectOffers(t, mug, want...)
		if mug.SEO != (catalog.SEO{Title: "Mugs, for tea", Description: "Hold tea."}) {
			t.Errorf("%s: %+v", file, mug.SEO)
		}
	}
}

func TestAMissingColumnOfAnOfferChangesNothingAndAnEmptyCellClears(t *testing.T) {
	t.Parallel()
	s := setup(t)
	loadFixture(t, s, "offers.csv")
	before := found(t, s, "tea-mug")
	clean(t, load(t, s, "Handle,Variant SKU,Variant Grams\ntea-mug,MUG-S,70\n"))
	after := found(t, s, "tea-mug")
	expectOffers(t, after, offerOf(before.Variants[0]), offerOf(before.Variants[1]))
	if after.SEO != before.SEO || after.Variants[0].Weight != 70 {
		t.Errorf("%+v", after.Content)
	}
	clean(t, load(t, s, "Handle,Variant SKU,Compare-at price,Barcode,Variant image URL,SEO title\ntea-mug,MUG-S,,,,\n"))
	after = found(t, s, "tea-mug")
	expectOffers(t, after, "none |  | none", offerOf(before.Variants[1]))
	if after.SEO != (catalog.SEO{Description: "Hold tea."}) {
		t.Errorf("%+v", after.SEO)
	}
}

func TestABrokenCellOfAnOfferCostsItsRow(t *testing.T) {
	t.Parallel()
	s := setup(t)
	header := "Handle,Title,Variant SKU,Variant Price,Variant Compare At Price,Variant Barcode\n"
	got := load(t, s, header+"a,A,A,1,twelve,\nb,B,B,1,,"+strings.Repeat("1", 101)+"\nc,C,C,1,\"1,234\",\nd,D,D,1,2,3\n")
	if got.Created != 1 || len(got.Errors) != 3 || len(got.Warnings) != 0 {
		t.Fatalf("%+v", got)
	}
	for i, want := range []string{"Variant Compare At Price: is not a number", "Variant Barcode: must have at most 100", "Variant Compare At Price: may mean"} {
		if p := got.Errors[i]; !strings.HasPrefix(p.Message, want) || p.Value == "" || p.Record != i+2 {
			t.Errorf("%+v, want %q", p, want)
		}
	}
	got = load(t, s, "Handle,Title,Variant SKU,Variant Price,SEO Title\ne,E,E,1,"+strings.Repeat("e", 201)+"\nf,F,F,1,ok\n")
	if got.Created != 1 || len(got.Errors) != 1 || got.Errors[0].Column != "SEO Title" {
		t.Errorf("%+v", got)
	}
}

func TestAnImageOfAVariantThatIsNoAddressIsLeftOut(t *testing.T) {
	t.Parallel()
	s := setup(t)
	got := load(t, s, "Handle,Title,Variant SKU,Variant Price,Variant Image\na,A,A,1,a.jpg\n")
	if got.Created != 1 || len(got.Errors) != 0 || len(got.Warnings) != 1 || got.Warnings[0].Column != "Variant Image" {
		t.Fatalf("%+v", got)
	}
	expectOffers(t, found(t, s, "a"), "none |  | none")
}

func TestACompareAtPriceNotAboveThePriceIsLeftOutWithAWarning(t *testing.T) {
	t.Parallel()
	s := setup(t)
	file := "Handle,Title,Variant SKU,Variant Price,Compare-at price\na,A,A,10,10\nb,B,B,10,9\nc,C,C,10,0\nd,D,D,10,11\n"
	got := load(t, s, file)
	if got.Created != 4 || len(got.Errors) != 0 || len(got.Warnings) != 2 || got.Warnings[0].Column != "Compare-at price" || got.Warnings[1].Value != "9" {
		t.Fatalf("%+v", got)
	}
	for handle, want := range map[string]string{"a": "none |  | none", "b": "none |  | none", "c": "none |  | none", "d": "1100 |  | none"} {
		expectOffers(t, found(t, s, handle), want)
	}
	if again := load(t, s, file); again.Updated != 0 {
		t.Errorf("the same file again: %+v", again)
	}
	got = load(t, s, "Handle,Variant Price\nd,12\n")
	if got.Updated != 1 || len(got.Warnings) != 1 || got.Warnings[0].Column != "Variant Price" {
		t.Errorf("a price above the compare-at price: %+v", got)
	}
	expectOffers(t, found(t, s, "d"), "none |  | none")
}

func TestAFileKeepsTheSizesOfImagesThatItNames(t *testing.T) {
	t.Parallel()
	s := setup(t)
	content := product("Lamp", 100)
	content.Images = []catalog.Image{{URL: "https://img.example/a.jpg", Alt: "A", Width: 1200, Height: 800}, {URL: "https://img.example/b.jpg", Width: 640, Height: 480}}
	content.Variants[0].Image = &content.Images[1]
	create(t, s, content)
	const file = "Handle,Image Src,Image Alt Text,Variant SKU,Variant Price,Variant Image\n" +
		"lamp,https://img.example/c.jpg,C,LAMP,1.00,https://img.example/b.jpg\nlamp,https://img.example/a.jpg,Lamp,,,\n"
	if _, err := s.Import(t.Context(), strings.NewReader(file)); err != nil {
		t.Fatal(err)
	}
	read, err := s.Product(t.Context(), "lamp")
	want := []catalog.Image{{URL: "https://img.example/c.jpg", Alt: "C"}, {URL: "https://img.example/a.jpg", Alt: "Lamp", Width: 1200, Height: 800}}
	if err != nil || !slices.Equal(read.Images, want) || *read.Variants[0].Image != content.Images[1] {
		t.Errorf("%+v, %+v, %v", read.Images, read.Variants[0].Image, err)
	}
}
