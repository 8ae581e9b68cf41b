package catalog_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"souk/services/catalog/internal/catalog"
)

func TestDecimalsAreReadWhereTheyAreUnambiguous(t *testing.T) {
	t.Parallel()
	s := setup(t)
	clean(t, loadFixture(t, s, "decimal-comma.csv"))
	if a, b := found(t, s, "mm11-a").Variants[0].Price, found(t, s, "mm11-b").Variants[0].Price; a != 1605613 || b != 123450 {
		t.Errorf("prices %d and %d, want 1605613 and 123450", a, b)
	}
	for text, want := range map[string]int64{
		"12,5": 1250, "12,50": 1250, "0,99": 99, "1.234,50": 123450, "1 234,50": 123450, "1\u00a0234,5": 123450, "1'234.50": 123450, "1’234.50": 123450,
		"1,234,567": 123456700, "1.234.567,89": 123456789, "1234.5": 123450, "12.": 1200, "16056,130": 1605613,
		"1,234": -1, "12.500": -1, "1.000": -1, "1,23,456": -1, "1,234,56": -1, "1.234.56": -1, "12,345": -1, "£5": -1, "five": -1, "-5": -1, "1e3": -1,
	} {
		got := load(t, s, "Handle;Title;Variant SKU;Variant Price\np;P;P-1;\""+text+"\"\n")
		switch {
		case want < 0 && (len(got.Errors) != 1 || got.Errors[0].Column != "Variant Price" || got.Errors[0].Value != text || got.Errors[0].Handle != "p"):
			t.Errorf("%q: %+v, want an error about the price", text, got.Errors)
		case want >= 0 && (len(got.Errors) != 0 || found(t, s, "p").Variants[0].Price != want):
			t.Errorf("%q: %d, %v; want %d", text, found(t, s, "p").Variants[0].Price, got.Errors, want)
		}
	}
	load(t, s, "Handle,Title,Variant SKU,Variant Price,Variant Grams\nw,W,W-1,1,\"453,59\"\n")
	if w := found(t, s, "w"); w.Variants[0].Weight != 454 {
		t.Errorf("weight %d, want 454", w.Variants[0].Weight)
	}
}

func TestABadImageCostsTheImageAlone(t *testing.T) {
	t.Parallel()
	s := setup(t)
	clean(t, loadFixture(t, s, "bad-image.csv"))
	if a := found(t, s, "mm13-a"); !slices.Equal(a.Images, []catalog.Image{{URL: "https://cdn.example/a.jpg"}}) {
		t.Errorf("images %v", a.Images)
	}
	got := load(t, s, "Handle,Title,Variant SKU,Variant Price,Image Src,Image Alt Text\nb,B,B-1,1,a.jpg,\nb,,,,https://img.example/b.jpg,"+strings.Repeat("x", 501)+"\n")
	if b := found(t, s, "b"); len(got.Errors) != 0 || len(got.Warnings) != 2 || !slices.Equal(b.Images, []catalog.Image{{URL: "https://img.example/b.jpg"}}) {
		t.Errorf("%+v, images %v; want the second without its text, and two warnings", got, b.Images)
	}
}

func TestFilesInOtherEncodingsAndFormsAreRead(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"Windows-1252": "Handle;Title;Variant Price\r\nkn\xe4cke;Kn\xe4cke;1,50\r\n",
		"CR":           "Handle,Title,Variant Price\rknäcke,Knäcke,1.50\r",
		"sep=":         "sep=;\nHandle;Title;Variant Price\nknäcke;Knäcke;1,50\n",
		"tabs":         "Handle\tTitle\tVariant Price\nknäcke\tKnäcke\t1.50\n",
		"UTF-16":       "\xff\xfeH\x00a\x00n\x00d\x00l\x00e\x00,\x00T\x00i\x00t\x00l\x00e\x00,\x00P\x00r\x00i\x00c\x00e\x00\n\x00k\x00n\x00\xe4\x00c\x00k\x00e\x00,\x00K\x00n\x00\xe4\x00c\x00k\x00e\x00,\x001\x00.\x005\x00",
	} {
		s := setup(t)
		got := load(t, s, file)
		products := all(t, s)
		if len(got.Errors) != 0 || len(products) != 1 || products[0].Title != "Knäcke" || products[0].Variants[0].SKU != "knäcke" || products[0].Variants[0].Price != 150 {
			t.Errorf("%s: %+v, %+v", name, got, products)
		}
		if warned := len(got.Warnings) == 1; warned != (name == "Windows-1252") {
			t.Errorf("%s: warnings %v", name, got.Warnings)
		}
	}
}

func TestAStrayQuotationMarkLosesOneProductAndNamesIt(t *testing.T) {
	t.Parallel()
	var file strings.Builder
	file.WriteString("Handle,Title,Body (HTML),Variant SKU,Variant Price\n")
	for i := range 503 {
		title := fmt.Sprintf("Product %d", i)
		if i == 250 {
			title = `"` + title
		}
		fmt.Fprintf(&file, "p-%d,%s,\"<p>One, two</p>\n<a href=\"\"x\"\">three</a>\",S-%d,1\n", i, title, i)
	}
	s := setup(t)
	got := load(t, s, file.String())
	if got.Created != 502 || len(got.Errors) != 1 || got.Errors[0].Handle != "p-250" || got.Errors[0].Record != 252 {
		t.Errorf("%d created, errors %+v; want 502 and one about p-250", got.Created, got.Errors)
	}
}

func TestADamagedRowRemovesNoVariant(t *testing.T) {
	t.Parallel()
	s := setup(t)
	const file = "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price\nlamp,Lamp,Size,S,LMP-S,10\nlamp,,,M,LMP-M,20\n"
	load(t, s, file)
	got := load(t, s, strings.Replace(file, ",M,", ",\"M,", 1))
	if lamp := found(t, s, "lamp"); len(got.Errors) != 1 || got.Errors[0].Handle != "lamp" || len(lamp.Variants) != 2 {
		t.Errorf("%+v, %v; want an error and both variants", got, lamp.Variants)
	}
}

func TestProductsExchangeSKUs(t *testing.T) {
	t.Parallel()
	s := setup(t)
	load(t, s, "Handle,Title,Variant SKU,Variant Price\na,A,1,1\nb,B,2,2\nc,C,3,3\nd,D,4,4\n")
	exchanged := "Handle,Title,Variant SKU,Variant Price\na,A,2,1\nb,B,1,2\nc,C,1-new,3\nc,,2-new,3\n"
	got := load(t, s, exchanged)
	clean(t, got)
	if a, b := skus(found(t, s, "a")), skus(found(t, s, "b")); got.Updated != 3 || a[0] != "2" || b[0] != "1" {
		t.Errorf("%+v, a has %v, b has %v", got, a, b)
	}
	// Three in a circle, one of which is new, while d keeps its SKU.
	circle := load(t, s, "Handle,Title,Variant SKU,Variant Price\na,A,1,1\nb,B,4,2\nb,,2,2\nnew,New,2-new,5\nc,C,1-new,3\n")
	if circle.Created != 1 || len(circle.Errors) != 1 || circle.Errors[0].Value != "4" {
		t.Errorf("%+v; want a new product, and an error about SKU 4", circle)
	}
	if a, b := skus(found(t, s, "a")), skus(found(t, s, "b")); !slices.Equal(a, []string{"1"}) || !slices.Equal(b, []string{"2"}) {
		t.Errorf("a has %v, b has %v; want 1 and 2", a, b)
	}
}

func TestWordsSayWhetherAProductIsOnSale(t *testing.T) {
	t.Parallel()
	s := setup(t)
	file := "Handle,Title,Variant Price,Published,Status\nyes,Yes,1,VRAI,active\nempty,Empty,1,,\nno,No,1,no,\nzero,Zero,1,0,active\nfaux,Faux,1,FAUX,\n" +
		"draft,Draft,1,TRUE,Draft\nodd,Odd,1,perhaps,\nodder,Odder,1,,gone\n"
	got := load(t, s, file)
	var on []string
	for _, p := range all(t, s) {
		on = append(on, p.Slug)
	}
	slices.Sort(on)
	if len(got.Errors) != 0 || got.Created != 8 || !slices.Equal(on, []string{"empty", "yes"}) {
		t.Errorf("%+v, on sale %v; want yes and empty", got, on)
	}
	if w := got.Warnings; len(w) != 2 || w[0].Handle != "odd" || w[0].Value != "perhaps" || w[1].Column != "Status" {
		t.Errorf("warnings %+v; want one for each unknown word", w)
	}
	if again := load(t, s, file); again.Created+again.Updated != 0 {
		t.Errorf("again: %+v", again)
	}
	unlisted := loadFixture(t, s, "unlisted.csv")
	if len(unlisted.Errors)+len(unlisted.Warnings) != 0 {
		t.Errorf("%+v; want no warning", unlisted)
	}
}

func TestAnEmptyQuantityIsCounted(t *testing.T) {
	t.Parallel()
	s := setup(t)
	got := loadFixture(t, s, "untracked.csv")
	if got.WithoutQuantity != 1 || fmt.Sprint(got.Stock) != "[{MM12-1 0} {MM12-2 0}]" {
		t.Errorf("%+v; want one without a quantity", got)
	}
}
