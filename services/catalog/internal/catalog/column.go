package catalog

import (
	"slices"
	"strings"
	"unicode/utf8"

	"souk/platform/sheet"
)

// column is what a column of a product file is about, named as in Shopify's files until 2024.
type column string

const (
	columnHandle    column = "Handle"
	columnTitle     column = "Title"
	columnBody      column = "Body (HTML)"
	columnVendor    column = "Vendor"
	columnType      column = "Type"
	columnTaxonomy  column = "Product Category"
	columnTags      column = "Tags"
	columnPublished column = "Published"
	columnStatus    column = "Status"
	columnSKU       column = "Variant SKU"
	columnPrice     column = "Variant Price"
	columnGrams     column = "Variant Grams"
	columnQuantity  column = "Variant Inventory Qty"
	columnTracker   column = "Variant Inventory Tracker"
	columnPolicy    column = "Variant Inventory Policy"
	columnImage     column = "Image Src"
	columnPosition  column = "Image Position"
	columnAlt       column = "Image Alt Text"

	columnCompareAt      column = "Variant Compare At Price"
	columnBarcode        column = "Variant Barcode"
	columnVariantImage   column = "Variant Image"
	columnSEOTitle       column = "SEO Title"
	columnSEODescription column = "SEO Description"
)

var (
	optionNames  = [maxOptions]column{"Option1 Name", "Option2 Name", "Option3 Name"}
	optionValues = [maxOptions]column{"Option1 Value", "Option2 Value", "Option3 Value"}
)

// otherNames are the names that columns have besides their own, in lower case: those of Shopify's files since 2024, and earlier ones. If a
// file has several of them, the first with a value counts.
var otherNames = map[column][]string{
	columnHandle:    {"url handle"},
	columnBody:      {"description", "body html"},
	columnType:      {"custom product type"},
	columnTaxonomy:  {"standardized product type", "standard product type"},
	columnPublished: {"published on online store"},
	columnSKU:       {"sku"},
	columnPrice:     {"price"},
	columnGrams:     {"weight value (grams)"},
	columnQuantity:  {"inventory quantity"},
	columnTracker:   {"inventory tracker"},
	columnPolicy:    {"continue selling when out of stock"},
	columnImage:     {"product image url"},

	columnCompareAt:    {"compare-at price"},
	columnBarcode:      {"barcode"},
	columnVariantImage: {"variant image url"},
}

// columnsByName maps the names in lower case to columns.
var columnsByName = func() map[string]column {
	byName := map[string]column{}
	all := []column{
		columnHandle, columnTitle, columnBody, columnVendor, columnType, columnTaxonomy, columnTags, columnPublished, columnStatus,
		columnSKU, columnPrice, columnGrams, columnQuantity, columnTracker, columnPolicy,
		columnImage, columnPosition, columnAlt,
		columnCompareAt, columnBarcode, columnVariantImage, columnSEOTitle, columnSEODescription,
	}
	for _, c := range slices.Concat(all, optionNames[:], optionValues[:]) {
		byName[strings.ToLower(string(c))] = c
		for _, name := range otherNames[c] {
			byName[name] = c
		}
	}
	return byName
}()

// columns are the columns of a row.
type columns struct {
	header []string
	// places are the indexes of each column, the first name of otherNames first.
	places map[column][]int
}

func newColumns(header []string) *columns {
	c := &columns{header: make([]string, len(header)), places: map[column][]int{}}
	rank := func(i int) int { return slices.Index(otherNames[columnOf(header[i])], normalName(header[i])) }
	for i, name := range header {
		c.header[i] = strings.TrimSpace(name)
		if known := columnOf(name); known != "" {
			c.places[known] = append(c.places[known], i)
			slices.SortStableFunc(c.places[known], func(a, b int) int { return rank(a) - rank(b) })
		}
	}
	return c
}

// fileColumns are the columns of a file: all of them, and those that are known. Only the cells of the latter stay in memory.
type fileColumns struct {
	all, known *columns
	// kept are the indexes of the known columns among all.
	kept []int
}

func newFileColumns(header []string) *fileColumns {
	c := &fileColumns{all: newColumns(header)}
	var names []string
	for i, name := range header {
		if columnOf(name) != "" {
			c.kept = append(c.kept, i)
			names = append(names, name)
		}
	}
	c.known = newColumns(names)
	return c
}

// compact returns a row of all columns with those that are known.
func (c *fileColumns) compact(r row) row {
	var cells []string
	for _, i := range c.kept {
		if i < len(r.Cells) {
			cells = append(cells, r.Cells[i])
		}
	}
	r.Cells, r.columns = cells, c.known
	return r
}

func normalName(name string) string { return strings.ToLower(strings.Join(strings.Fields(name), " ")) }

// columnOf returns the column that a name in a header stands for, or "".
func columnOf(name string) column { return columnsByName[normalName(name)] }

// countKnown returns how many names of a header are known.
func countKnown(header []string) (n int) {
	for _, name := range header {
		if columnOf(name) != "" {
			n++
		}
	}
	return n
}

// has reports whether the file has one of the columns.
func (c *columns) has(any ...column) bool {
	return slices.ContainsFunc(any, func(wanted column) bool { return len(c.places[wanted]) > 0 })
}

// row is a record whose cells are found by column.
type row struct {
	sheet.Row
	columns *columns
	handle  string
}

// place returns the index of the cell for a column: the first with a value, or else the first. It is -1 if the row has none.
func (r row) place(c column) int {
	found := -1
	for _, i := range r.columns.places[c] {
		if i >= len(r.Cells) {
			continue
		}
		if strings.TrimSpace(r.Cells[i]) != "" {
			return i
		}
		if found < 0 {
			found = i
		}
	}
	return found
}

func (r row) get(c column) string {
	if i := r.place(c); i >= 0 {
		return original(c, strings.TrimSpace(r.Cells[i]))
	}
	return ""
}

// has reports whether the row has a cell for the column, which may be empty.
func (r row) has(c column) bool { return r.place(c) >= 0 }

// any reports whether one of the columns has a value.
func (r row) any(columns ...column) bool {
	return slices.ContainsFunc(columns, func(c column) bool { return r.get(c) != "" })
}

// name returns a column's name in the file.
func (r row) name(c column) string {
	i := r.place(c)
	if i < 0 && len(r.columns.places[c]) > 0 {
		i = r.columns.places[c][0]
	}
	if i < 0 {
		return string(c)
	}
	return r.columns.header[i]
}

// about describes a problem with the row, or with its cell in the column if that is not "".
func (r row) about(c column, message string) Problem {
	p := Problem{Record: r.Record, Line: r.Line, Handle: r.handle, Message: message}
	if c != "" {
		p.Column, p.Value = r.name(c), r.get(c)
		p.Message = p.Column + ": " + message
	}
	return p
}

// notText returns the column of a cell that is not UTF-8 text.
func (r row) notText() (name string, found bool) {
	for i, cell := range r.Cells {
		if !utf8.ValidString(cell) || strings.ContainsRune(cell, 0) {
			if i < len(r.columns.header) {
				name = r.columns.header[i]
			}
			return name, true
		}
	}
	return "", false
}
