package catalog

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"souk/platform/field"
)

// The format is Shopify's product CSV: https://help.shopify.com/en/manual/products/import-export/using-csv
//
// The first row of a product contains its title and usually its first variant. Other rows with the same handle, anywhere in the
// file, add variants and images.

// The maximum number of products and of variants in a file. The answer lists the stock of each variant and must fit into one
// gRPC message (4 MiB).
const maxFileItems = 50_000

// file is the result of parsing a CSV: drafts of products.
type file struct {
	report
	currency string
	columns  map[string]int
	drafts   []*draft
	byHandle map[string]*draft
	// lines maps each SKU to its line in the file.
	lines map[string]int
}

// parseCSV parses a whole file. It returns a *field.Error for a file without a valid header. Broken rows are listed in the
// report.
func parseCSV(content []byte, currency string) (*file, error) {
	f := &file{currency: currency, byHandle: map[string]*draft{}, lines: map[string]int{}}
	reader := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(content, []byte("\uFEFF"))))
	header, err := reader.Read()
	if err != nil {
		return nil, field.Invalid("body", "must be a CSV with a header")
	}
	if err := f.readHeader(header); err != nil {
		return nil, err
	}
	if err := f.readRows(reader); err != nil {
		return nil, err
	}
	f.dropEmpty()
	return f, nil
}

func (f *file) readHeader(header []string) error {
	f.columns = map[string]int{}
	for i, name := range header {
		f.columns[strings.ToLower(strings.TrimSpace(name))] = i
	}
	var check field.Checker
	for _, required := range []string{"Handle", "Title"} {
		_, ok := f.columns[strings.ToLower(required)]
		check.Check(ok, "body", "has no column "+required)
	}
	return check.Err()
}

func (f *file) readRows(reader *csv.Reader) error {
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		var parseErr *csv.ParseError
		if errors.As(err, &parseErr) {
			f.fail(parseErr.StartLine, "is not valid CSV: "+parseErr.Err.Error())
			continue
		}
		if err != nil {
			return err
		}
		line, _ := reader.FieldPos(0)
		if err := f.read(row{columns: f.columns, cells: record, line: line}); err != nil {
			f.fail(line, err.Error())
		}
		if max(len(f.byHandle), len(f.lines)) > maxFileItems {
			return field.Invalid("body", fmt.Sprintf("must have at most %d products and variants", maxFileItems))
		}
	}
}

// read adds a row to its draft, completely or not at all.
func (f *file) read(r row) error {
	if err := r.checkText(); err != nil {
		return err
	}
	handle := Slugify(r.get("Handle"))
	if handle == "" {
		return errors.New("has no Handle")
	}
	d, err := f.draftOf(handle, r)
	if err != nil {
		return err
	}
	image, err := d.imageOf(r)
	if err != nil {
		return err
	}
	variant, err := f.variantOf(d, r)
	if err != nil {
		return err
	}
	if image != nil {
		d.images = append(d.images, *image)
	}
	if variant != nil {
		f.lines[variant.SKU] = r.line
		d.variants = append(d.variants, *variant)
	}
	return nil
}

// draftOf returns the draft of a handle. The first row of a handle creates it.
func (f *file) draftOf(handle string, r row) (*draft, error) {
	d, ok := f.byHandle[handle]
	if !ok {
		d = &draft{line: r.line}
		f.byHandle[handle] = d
		if err := d.begin(r, handle); err != nil {
			d.broken = true
			return nil, err
		}
		f.drafts = append(f.drafts, d)
	}
	if d.broken {
		return nil, fmt.Errorf("belongs to the product of line %d, which was left out", d.line)
	}
	return d, nil
}

// dropEmpty removes drafts without variants. It reports those for which no other error was reported.
func (f *file) dropEmpty() {
	f.drafts = slices.DeleteFunc(f.drafts, func(d *draft) bool {
		if len(d.variants) == 0 && !d.failed {
			f.fail(d.line, "has no variant: no price, option or SKU on any row of the product")
		}
		return len(d.variants) == 0
	})
}

// row is a record whose cells are found by column name.
type row struct {
	columns map[string]int
	cells   []string
	line    int
}

func (r row) get(column string) string {
	if i, ok := r.columns[strings.ToLower(column)]; ok {
		return strings.TrimSpace(r.cells[i])
	}
	return ""
}

// any reports whether one of the columns has a value.
func (r row) any(columns ...string) bool {
	return slices.ContainsFunc(columns, func(column string) bool { return r.get(column) != "" })
}

func (r row) checkText() error {
	for _, cell := range r.cells {
		if !utf8.ValidString(cell) || strings.ContainsRune(cell, 0) {
			return errors.New("is not UTF-8 text")
		}
	}
	return nil
}
