package catalog

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"html"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/microcosm-cc/bluemonday"

	"souk/platform/field"
	"souk/platform/money"
)

// Shopify's product CSV: https://help.shopify.com/en/manual/products/import-export/using-csv
//
// A product's first row has its title and, usually, its first variant; further rows with the same handle add variants
// and images.

// RowError is a row that was left out.
type RowError struct {
	// Line is the line of the file that the row starts on; the header is line 1.
	Line    int
	Message string
}

// draft is a product as a file describes it.
type draft struct {
	Content
	line     int
	variants []draftVariant
	images   []draftImage
	options  [maxOptions]string
	broken   bool
}

type draftVariant struct {
	Variant
	line int
	// stock is what the file says is there; nil when it says nothing.
	stock *int64
}

type draftImage struct {
	Image
	position int
}

// file reads drafts from a CSV.
type file struct {
	currency string
	columns  map[string]int
	drafts   []*draft
	byHandle map[string]*draft
	skus     map[string]int
	errors   []RowError
}

// parseCSV reads a whole file. A file without a usable header is a *field.Error; a broken row is among the errors.
func parseCSV(content []byte, currency string) (*file, error) {
	f := &file{currency: currency, byHandle: map[string]*draft{}, skus: map[string]int{}}
	reader := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(content, []byte("\uFEFF"))))
	header, err := reader.Read()
	if err != nil {
		return nil, field.Invalid("file", "must be a CSV with a header")
	}
	if err := f.readHeader(header); err != nil {
		return nil, err
	}
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return f, nil
		}
		var parseErr *csv.ParseError
		if errors.As(err, &parseErr) {
			f.fail(parseErr.StartLine, "is not valid CSV: "+parseErr.Err.Error())
			continue
		}
		if err != nil {
			return nil, err
		}
		line, _ := reader.FieldPos(0)
		if err := f.row(row{f, record}, line); err != nil {
			f.fail(line, err.Error())
		}
	}
}

func (f *file) readHeader(header []string) error {
	f.columns = map[string]int{}
	for i, name := range header {
		f.columns[strings.ToLower(strings.TrimSpace(name))] = i
	}
	var check field.Checker
	for _, required := range []string{"Handle", "Title", "Variant Price"} {
		_, ok := f.columns[strings.ToLower(required)]
		check.Check(ok, "file", "has no column "+required)
	}
	return check.Err()
}

func (f *file) fail(line int, message string) {
	f.errors = append(f.errors, RowError{Line: line, Message: message})
}

// row is a record whose cells are found by the name of their column.
type row struct {
	file   *file
	record []string
}

func (r row) get(column string) string {
	if i, ok := r.file.columns[strings.ToLower(column)]; ok {
		return strings.TrimSpace(r.record[i])
	}
	return ""
}

func (f *file) row(r row, line int) error {
	for _, cell := range r.record {
		if !utf8.ValidString(cell) || strings.ContainsRune(cell, 0) {
			return errors.New("is not UTF-8 text")
		}
	}
	handle := Slugify(r.get("Handle"))
	if handle == "" {
		return errors.New("has no Handle")
	}
	d := f.byHandle[handle]
	if d == nil {
		d = &draft{line: line}
		f.byHandle[handle] = d
		f.drafts = append(f.drafts, d)
		if err := d.begin(r, handle); err != nil {
			d.broken = true
			return err
		}
	}
	if d.broken {
		return fmt.Errorf("belongs to the product of line %d, which was left out", d.line)
	}
	if err := d.addImage(r); err != nil {
		return err
	}
	return f.addVariant(d, r, line)
}

var plainText = bluemonday.StrictPolicy().AddSpaceWhenStrippingTag(true)

// begin reads what only a product's first row has.
func (d *draft) begin(r row, handle string) error {
	d.Content = Content{
		Slug: handle, Title: r.get("Title"), Brand: r.get("Vendor"), Category: r.get("Type"),
		Description: strings.Join(strings.Fields(html.UnescapeString(plainText.Sanitize(r.get("Body (HTML)")))), " "),
		Withdrawn:   strings.EqualFold(r.get("Published"), "false") || slices.Contains([]string{"draft", "archived"}, strings.ToLower(r.get("Status"))),
	}
	for tag := range strings.SplitSeq(r.get("Tags"), ",") {
		if tag = strings.TrimSpace(tag); tag != "" && !slices.Contains(d.Tags, tag) {
			d.Tags = append(d.Tags, tag)
		}
	}
	for i := range d.options {
		d.options[i] = r.get(fmt.Sprintf("Option%d Name", i+1))
	}
	if d.Title == "" {
		return errors.New("is a product's first row and has no Title")
	}
	// A placeholder stands for the variants, which are checked one by one.
	placeholder := d.Content
	placeholder.Variants = []Variant{{SKU: "X"}}
	return placeholder.check()
}

func (d *draft) addImage(r row) error {
	src := r.get("Image Src")
	known := slices.ContainsFunc(d.images, func(i draftImage) bool { return i.URL == src })
	if src == "" || known {
		return nil
	}
	var check field.Checker
	image := draftImage{Image: Image{URL: src, Alt: r.get("Image Alt Text")}, position: len(d.images) + 1}
	image.check(&check, "Image Src")
	if position, err := strconv.Atoi(r.get("Image Position")); err == nil {
		image.position = position
	}
	if err := check.Err(); err != nil {
		return err
	}
	d.images = append(d.images, image)
	return nil
}

// addVariant reads the variant of a row. A row with neither price nor option nor SKU has none.
func (f *file) addVariant(d *draft, r row, line int) error {
	price := r.get("Variant Price")
	if price == "" && r.get("Option1 Value") == "" && r.get("Variant SKU") == "" && line != d.line {
		return nil
	}
	v := draftVariant{line: line, Variant: Variant{SKU: r.get("Variant SKU"), Options: d.optionsOf(r)}}
	amount, err := money.Parse(price, f.currency)
	if err != nil {
		return fmt.Errorf("column Variant Price: %w", err)
	}
	v.Price = amount.Amount
	if v.Weight, err = whole(r.get("Variant Grams")); err != nil {
		return fmt.Errorf("column Variant Grams: %w", err)
	}
	if quantity := r.get("Variant Inventory Qty"); quantity != "" {
		pieces, err := whole(quantity)
		if err != nil {
			return fmt.Errorf("column Variant Inventory Qty: %w", err)
		}
		pieces = min(max(pieces, 0), maxStock)
		v.stock = &pieces
	}
	v.name(d.Slug)
	var check field.Checker
	v.check(&check, "Variant")
	if err := check.Err(); err != nil {
		return err
	}
	if first, ok := f.skus[v.SKU]; ok {
		return fmt.Errorf("SKU %s stands on line %d already", v.SKU, first)
	}
	f.skus[v.SKU] = line
	d.variants = append(d.variants, v)
	return nil
}

// The most pieces a file can open a SKU's stock with.
const maxStock = 1_000_000_000

// optionsOf reads a row's options. Title: Default Title is Shopify's way of saying that there are none.
func (d *draft) optionsOf(r row) []Option {
	var options []Option
	for i, name := range d.options {
		optionValue := r.get(fmt.Sprintf("Option%d Value", i+1))
		if name == "" || optionValue == "" || name == "Title" && optionValue == "Default Title" {
			continue
		}
		options = append(options, Option{Name: name, Value: optionValue})
	}
	return options
}

// name titles a variant by its options, and makes a SKU of them when the file gives none.
func (v *draftVariant) name(handle string) {
	values := make([]string, len(v.Options))
	for i, o := range v.Options {
		values[i] = o.Value
	}
	v.Title = strings.Join(values, " / ")
	if v.SKU == "" {
		v.SKU = Slugify(strings.Join(append([]string{handle}, values...), " "))
		v.SKU = v.SKU[:min(len(v.SKU), 100)]
	}
}

var errNotWhole = errors.New("is not a whole number")

// whole reads a whole number; nothing is 0, and some files write 250.0.
func whole(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	number, err := strconv.ParseFloat(text, 64)
	if err != nil || number != math.Trunc(number) || math.Abs(number) > 1e15 {
		return 0, errNotWhole
	}
	return int64(number), nil
}
