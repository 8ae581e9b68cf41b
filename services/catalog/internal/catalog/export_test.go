package catalog_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"souk/services/catalog/internal/catalog"
)

// export returns the whole file.
func export(t *testing.T, s *catalog.Service) string {
	t.Helper()
	var file bytes.Buffer
	for after := ""; ; {
		part, next, err := s.Export(t.Context(), after)
		if err != nil {
			t.Fatal(err)
		}
		if len(part) == 0 {
			return file.String()
		}
		file.Write(part)
		after = next
	}
}

// odd are products that are hard to write into cells.
func odd() []catalog.Content {
	options := func(pairs ...string) (list []catalog.Option) {
		for i := 0; i < len(pairs); i += 2 {
			list = append(list, catalog.Option{Name: pairs[i], Value: pairs[i+1]})
		}
		return list
	}
	variants := func(list ...catalog.Variant) []catalog.Variant { return list }
	return []catalog.Content{
		{
			Title: "=1+1", Brand: "@acme", Category: "+plus", Tags: []string{"-a", "b"}, Description: "=2+2\n\nOne\n\n- x\n- y <b> & \"z\"",
			Images:   []catalog.Image{{URL: "https://img.example/1.jpg", Alt: "-one, \"two\""}, {URL: "https://img.example/2.jpg"}},
			Variants: variants(catalog.Variant{SKU: "'quoted", Price: 1, Weight: 1, Options: options("Sphere", "+2.00"), Title: "+2.00"}),
		},
		{Title: "'=quoted", Variants: variants(
			catalog.Variant{SKU: "-A/B", Price: 100, Options: options("Size", "S", "Fit", "L"), Title: "S / L"},
			catalog.Variant{SKU: "=A", Price: 250, Options: options("Size", "S"), Title: "S"},
		)},
		{Title: "'Tis", Variants: variants(catalog.Variant{SKU: "tis", Price: 123456789})},
		{Title: "Download", Variants: variants(catalog.Variant{SKU: "download", Price: 5, StockRule: catalog.StockRule{Untracked: true}})},
		{Title: "Print", Variants: variants(catalog.Variant{SKU: "print", Price: 5, StockRule: catalog.StockRule{ContinueSelling: true}})},
	}
}

func TestAnExportComesBackAsItWas(t *testing.T) {
	t.Parallel()
	s, other := setup(t), setup(t)
	for _, c := range odd() {
		create(t, s, c)
	}
	load(t, s, string(fixture(t, "products.csv")))
	load(t, s, string(fixture(t, "similar-handles.csv")))
	file := export(t, s)
	clean(t, load(t, other, file))
	again := export(t, other)
	if sorted(again) != sorted(file) {
		t.Errorf("the shop that imported\n%s\nexports\n%s", file, again)
	}
	rows, err := csv.NewReader(strings.NewReader(file)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@", rune(cell[0])) {
				t.Errorf("a spreadsheet would run %q in %q", cell, row)
			}
		}
	}
}

// sorted returns the lines of a file in order, because products have the order of their IDs.
func sorted(file string) string {
	lines := strings.Split(file, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func TestAnImportOfTheExportChangesNothing(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for _, c := range odd() {
		create(t, s, c)
	}
	many := catalog.Content{
		Title: "Many", Tags: []string{"a, b", "c"}, Description: "  indented\r\n\r\n\r\n<p>and\tmarked up</p>",
		Variants: []catalog.Variant{
			{SKU: "M-1", Title: "Large", Price: 1, Options: []catalog.Option{{Name: "Size", Value: "L"}, {Name: "Fit", Value: "M"}}},
			{SKU: "M-2", Price: 2, Options: []catalog.Option{{Name: "Fit", Value: "L"}, {Name: "Size", Value: "M"}}},
			{SKU: "M-3", Price: 3, Options: []catalog.Option{{Name: "Color", Value: "Red"}, {Name: "Form", Value: "Round"}}},
			{SKU: "M-4", Title: "A title", Price: 3},
		},
	}
	for i := range 40 {
		many.Images = append(many.Images, catalog.Image{URL: fmt.Sprintf("https://img.example/%d.jpg", i), Alt: " a blank"})
	}
	create(t, s, many)
	titled := create(t, s, catalog.Content{Title: "Titled", Variants: []catalog.Variant{
		{SKU: "T-1", Title: "The large one", Price: 1, Options: []catalog.Option{{Name: "Size", Value: "L"}}},
		{SKU: "T-2", Price: 1, Options: []catalog.Option{{Name: "Title", Value: "Default Title"}}},
	}})
	if err := s.Withdraw(t.Context(), titled.ID); err != nil {
		t.Fatal(err)
	}
	load(t, s, string(fixture(t, "products.csv")))
	load(t, s, string(fixture(t, "made-sku-collides.csv")))
	var more strings.Builder
	for i := range 120 {
		fmt.Fprintf(&more, "more-%d,More,M-%d0,1\n", i, i)
	}
	load(t, s, "Handle,Title,Variant SKU,Variant Price\n"+more.String())
	got := load(t, s, export(t, s))
	clean(t, got)
	if got.Created+got.Updated != 0 || got.Products != len(odd())+1+1+4+4+120 {
		t.Errorf("%+v; want all products, and no change", got)
	}
	if _, _, err := s.Export(t.Context(), "elsewhere"); !errors.Is(err, catalog.ErrBadCursor) {
		t.Errorf("a position of no export: %v", err)
	}
}
