// Package productfile sends a product file of any size to a shop through its REST API, a piece at a time. A file that was stopped half
// way goes on where it was.
package productfile

import (
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"souk/platform/identifier"
	"souk/platform/sheet"
)

// table is a product file in the shop's own format.
type table struct {
	// header is the text before the first row, which each piece begins with. Its lines and records are those before the first row.
	header         string
	lines, records int
	rows           []row
	// damaged are the rows that cannot be read. A piece with one of them removes no variants, so each piece has all of them.
	damaged []row
	// skus are the names of the columns with the SKU.
	skus []string
	// warnings are about what was read in another way than the file says.
	warnings []Problem
	// errors are about what was left out before sending.
	errors []Problem
	// names are the names that the file has for columns of the shop's format; empty if they are the same.
	names map[string]string
}

// row is a row of the file.
type row struct {
	// text is the row with its line end, as it is sent.
	text string
	// handle and sku are what keeps rows together; either may be empty.
	handle, sku string
	// record and line are where the row is in the file that was named.
	record, line int
	// made means that the text is not the file's own.
	made bool
}

// The names of columns by which a table and its separator are known, in lower case. Those of one column are in the order in which they
// count.
var (
	handleNames = []string{"handle", "url handle"}
	skuNames    = []string{"variant sku", "sku"}
	otherNames  = []string{"title", "variant price", "price", "option1 value", "image src", "product image url", "vendor"}
)

func normalName(name string) string { return strings.ToLower(strings.Join(strings.Fields(name), " ")) }

func countKnown(header []string) (n int) {
	for _, name := range header {
		if slices.Contains(slices.Concat(handleNames, skuNames, otherNames, wooNames), normalName(name)) {
			n++
		}
	}
	return n
}

// places returns the indexes of the columns with these names.
func places(header, names []string) (found []int) {
	for _, name := range names {
		for i, cell := range header {
			if normalName(cell) == name {
				found = append(found, i)
			}
		}
	}
	return found
}

// value returns the first value in some cells of a row, as a spreadsheet means it.
func value(cells []string, places []int) string {
	for _, i := range places {
		if i < len(cells) && strings.TrimSpace(cells[i]) != "" {
			return norm.NFC.String(strings.TrimPrefix(strings.TrimSpace(cells[i]), "'"))
		}
	}
	return ""
}

// read reads a file: one in Shopify's format, or an export of WooCommerce.
func read(content []byte) (*table, error) {
	text, encoding, err := sheet.Decode(content)
	if err != nil {
		return nil, err
	}
	reader, err := sheet.NewReader(text, countKnown)
	if err != nil {
		return nil, err
	}
	var t *table
	if isWoo(reader.Header) {
		t, err = readWoo(reader)
	} else {
		t, err = readOwn(text, reader)
	}
	if err != nil {
		return nil, err
	}
	if encoding == sheet.Windows1252 {
		t.warnings = append(t.warnings, Problem{Record: 1, Line: 1, Message: "the file is not UTF-8 and was read as Windows-1252: check the letters with accents"})
	}
	return t, nil
}

var errNoHandle = errors.New("has no column Handle or URL handle, and is no export of WooCommerce")

// readOwn reads a file in Shopify's format, whose text the shop gets as it is.
func readOwn(text string, reader *sheet.Reader) (*table, error) {
	handles, skus := places(reader.Header, handleNames), places(reader.Header, skuNames)
	if len(handles) == 0 {
		return nil, errNoHandle
	}
	reader.Key = handles[0]
	t := &table{header: text}
	for _, i := range skus {
		t.skus = append(t.skus, strings.TrimSpace(reader.Header[i]))
	}
	for first := true; ; first = false {
		r, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if first {
			t.header, t.lines, t.records = text[:r.Start], r.Line-1, r.Record-1
		}
		read := row{
			text: ended(text[r.Start:r.End], t.header), handle: value(r.Cells, handles), sku: identifier.CleanSKU(value(r.Cells, skus)),
			record: r.Record, line: r.Line,
		}
		if err != nil || read.handle == "" && !utf8.ValidString(read.text) {
			t.damaged = append(t.damaged, read)
		} else {
			t.rows = append(t.rows, read)
		}
	}
}

// ended returns a row that ends with a line end; that of the header, if it has none.
func ended(text, header string) string {
	if strings.HasSuffix(text, "\n") || strings.HasSuffix(text, "\r") {
		return text
	}
	return text + header[len(strings.TrimRight(header, "\r\n")):][:lineEnd(header)]
}

// lineEnd returns the length of the line end of a header.
func lineEnd(header string) int {
	ends := header[len(strings.TrimRight(header, "\r\n")):]
	if strings.HasPrefix(ends, "\r\n") {
		return 2
	}
	return min(len(ends), 1)
}
