package catalog_test

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"souk/platform/sheet"
)

// TestAFileComesBackAsItWas imports a file, exports the shop, and compares what both say of each product. `make roundtrip` names a file or
// a folder; otherwise it is the files of this test.
func TestAFileComesBackAsItWas(t *testing.T) {
	t.Parallel()
	for _, name := range roundtripFiles(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			roundtrip(t, content)
		})
	}
}

func roundtripFiles(t *testing.T) []string {
	t.Helper()
	place := cmp.Or(os.Getenv("SOUK_PRODUCT_FILE"), "testdata")
	if info, err := os.Stat(place); err != nil || !info.IsDir() {
		return []string{place}
	}
	names, err := filepath.Glob(filepath.Join(place, "*.csv"))
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: no files, %v", place, err)
	}
	return names
}

func roundtrip(t *testing.T, content []byte) {
	t.Helper()
	s, other := setup(t), setup(t)
	got := load(t, s, string(content))
	file := export(t, s)
	if again := load(t, s, file); again.Created+again.Updated+len(again.Errors) != 0 {
		t.Errorf("the import of the export: %+v; want no change", again)
	}
	clean(t, load(t, other, file))
	if copied := export(t, other); sorted(copied) != sorted(file) {
		t.Errorf("a shop that imports the export\n%s\nexports\n%s", file, copied)
	}
	// What the import has told about is not lost in silence.
	told := map[string]bool{}
	for _, p := range slices.Concat(got.Errors, got.Warnings) {
		told[p.Handle] = true
		t.Logf("record %d, %s: %s (%q)", p.Record, p.Handle, p.Message, p.Value)
	}
	before, after := productsOf(t, string(content)), productsOf(t, file)
	lost := 0
	for _, handle := range slices.Sorted(maps.Keys(before)) {
		if told[handle] || before[handle].title == "" {
			continue
		}
		for _, difference := range before[handle].minus(after[handle]) {
			lost++
			t.Errorf("%s lost %s", handle, difference)
		}
	}
	t.Logf("measured: %d products with %d variants; %d errors, %d warnings, %d cells lost", got.Products, got.Variants, len(got.Errors), len(got.Warnings), lost)
}

// fileProduct is what a file says of a product, in a form that does not depend on how it is written.
type fileProduct struct {
	title string
	// facts are "column value", and for a variant "options: column value".
	facts map[string]bool
}

// minus returns the facts of p that other does not have.
func (p fileProduct) minus(other fileProduct) []string {
	facts := maps.Clone(p.facts)
	for fact := range other.facts {
		delete(facts, fact)
	}
	return slices.Sorted(maps.Keys(facts))
}

// productsOf reads a file by the handles of its products.
func productsOf(t *testing.T, content string) map[string]fileProduct {
	t.Helper()
	text, _, err := sheet.Decode([]byte(content))
	if err != nil {
		t.Fatal(err)
	}
	reader := csv.NewReader(strings.NewReader(strings.ReplaceAll(text, "\r", "\n")))
	reader.FieldsPerRecord, reader.LazyQuotes = -1, true
	records, err := reader.ReadAll()
	if err != nil || len(records) == 0 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	products := map[string]fileProduct{}
	for _, record := range records[1:] {
		cells := map[string]string{}
		for i, cell := range record[:min(len(record), len(records[0]))] {
			// An export puts an apostrophe before what a spreadsheet would run.
			cells[plainName(records[0][i])] = strings.TrimPrefix(strings.Join(strings.Fields(norm.NFC.String(cell)), " "), "'")
		}
		handle := cells["handle"]
		p, ok := products[handle]
		if !ok {
			p = fileProduct{facts: map[string]bool{}}
		}
		p.title = cmp.Or(p.title, cells["title"])
		addFacts(p.facts, cells)
		products[handle] = p
	}
	return products
}

// plainName returns the name of a column in files until 2024.
func plainName(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	return cmp.Or(map[string]string{
		"url handle": "handle", "description": "body (html)", "sku": "variant sku", "price": "variant price", "weight value (grams)": "variant grams",
		"compare-at price": "variant compare at price", "barcode": "variant barcode", "variant image url": "variant image",
		"product image url": "image src", "continue selling when out of stock": "variant inventory policy", "inventory tracker": "variant inventory tracker",
	}[name], name)
}

func addFacts(facts map[string]bool, cells map[string]string) {
	add := func(variant, column, value string) {
		if value != "" {
			facts[strings.TrimSpace(variant+" "+column+" "+value)] = true
		}
	}
	add("", "vendor", cells["vendor"])
	add("", "type", cells["type"])
	add("", "image", strings.TrimPrefix(cells["image src"], "https:"))
	add("", "seo title", cells["seo title"])
	add("", "seo description", cells["seo description"])
	for tag := range strings.SplitSeq(cells["tags"], ",") {
		add("", "tag", strings.TrimSpace(tag))
	}
	if cells["variant price"] == "" {
		return
	}
	var options []string
	for i := 1; i <= 3; i++ {
		if value := cells[fmt.Sprintf("option%d value", i)]; value != "" && value != "Default Title" {
			options = append(options, value)
		}
	}
	variant := strings.Join(options, " / ")
	add(variant, "sku", cells["variant sku"])
	add(variant, "price", rounded(cells["variant price"], 100))
	add(variant, "compare-at price", rounded(cells["variant compare at price"], 100))
	add(variant, "barcode", cells["variant barcode"])
	add(variant, "image", strings.TrimPrefix(cells["variant image"], "https:"))
	add(variant, "grams", rounded(cells["variant grams"], 1))
	if cells["variant inventory policy"] == "continue" {
		add(variant, "policy", "continue")
	}
	if tracker, has := cells["variant inventory tracker"]; has && tracker == "" {
		add(variant, "tracker", "none")
	}
}

// rounded returns a number times a scale, or nothing for what is written in another way or is 0.
func rounded(text string, scale float64) string {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n == 0 {
		return ""
	}
	return strconv.FormatInt(int64(n*scale+0.5), 10)
}
