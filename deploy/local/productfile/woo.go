package productfile

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"souk/platform/sheet"
)

// WooCommerce's product export: https://woocommerce.com/document/product-csv-importer-exporter/
//
// Each row is a product or a variation of one, which its column Parent names by SKU or as id:NN.

// wooNames are names of columns by which an export and its separator are known.
var wooNames = []string{"id", "type", "sku", "name", "published", "regular price", "sale price", "categories", "images", "parent", "in stock?"}

func isWoo(header []string) bool {
	has := func(name string) bool { return len(places(header, []string{name})) > 0 }
	return len(places(header, handleNames)) == 0 && has("type") && has("name") && (has("id") || has("sku")) && (has("regular price") || has("parent"))
}

// wooFile is an export that is being turned into the shop's format.
type wooFile struct {
	table  *table
	header []string
	// columns are the indexes of columns by their names in lower case.
	columns map[string]int
	// attributes are the indexes of the names and the values of attributes.
	attributes [][2]int
	// out are the columns that are written.
	out     []string
	rows    []wooRow
	parents map[string]int
	// variations are the rows of the variations of each product.
	variations map[int][]int
	handles    map[string]bool
	lost       map[string]*Problem
	lostRows   map[string]int
}

// wooRow is a row of an export.
type wooRow struct {
	sheet.Row
	file *wooFile
}

// get returns the value in a column; empty if there is none.
func (r wooRow) get(name string) string {
	i, ok := r.file.columns[name]
	if !ok {
		return ""
	}
	return value(r.Cells, []int{i})
}

func (r wooRow) problem(column, message string) Problem {
	p := Problem{Record: r.Record, Line: r.Line, Handle: r.get("name"), Column: column, Message: message}
	if column != "" {
		p.Value, p.Message = r.get(normalName(column)), column+": "+message
	}
	return p
}

func (r wooRow) fail(column, message string) {
	r.file.table.errors = append(r.file.table.errors, r.problem(column, message))
}

func (r wooRow) warn(column, message string) {
	r.file.table.warnings = append(r.file.table.warnings, r.problem(column, message))
}

var attributeName = regexp.MustCompile(`^attribute (\d+) name$`)

// readWoo reads an export of WooCommerce.
func readWoo(reader *sheet.Reader) (*table, error) {
	f := &wooFile{
		table: &table{names: wooColumns}, header: reader.Header, columns: map[string]int{}, parents: map[string]int{}, variations: map[int][]int{},
		handles: map[string]bool{}, lost: map[string]*Problem{}, lostRows: map[string]int{},
	}
	for i, name := range slices.Backward(reader.Header) {
		f.columns[normalName(name)] = i
	}
	for _, name := range slices.SortedFunc(maps.Keys(f.columns), func(a, b string) int { return f.columns[a] - f.columns[b] }) {
		if number := attributeName.FindStringSubmatch(name); number != nil {
			if values, ok := f.columns["attribute "+number[1]+" value(s)"]; ok {
				f.attributes = append(f.attributes, [2]int{f.columns[name], values})
			}
		}
	}
	for _, name := range []string{"id", "sku", "type"} {
		if i, ok := f.columns[name]; ok {
			reader.Key = i
			break
		}
	}
	if err := f.readRows(reader); err != nil {
		return nil, err
	}
	return f.table, f.convert()
}

func (f *wooFile) readRows(reader *sheet.Reader) error {
	for {
		r, err := reader.Next()
		var damage *sheet.DamageError
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &damage):
			f.table.errors = append(f.table.errors, Problem{Record: r.Record, Line: r.Line, Message: damage.Reason})
			// The shop must know that a row is missing, so that it takes no variation off sale. It cannot read this one either.
			f.table.damaged = []row{{text: "\"\n", record: r.Record, line: r.Line, made: true}}
		case err != nil:
			return err
		default:
			f.rows = append(f.rows, wooRow{r, f})
		}
	}
}

// convert writes the rows of the shop's format.
func (f *wooFile) convert() error {
	f.chooseColumns()
	header, err := csvLine(f.out)
	if err != nil {
		return err
	}
	f.table.header, f.table.lines, f.table.records, f.table.skus = header, 1, 1, []string{"Variant SKU"}
	f.findParents()
	for i, r := range f.rows {
		switch kind := r.kind(); kind {
		case "simple":
			err = f.writeSimple(r)
		case "variable":
			err = f.writeVariable(r, f.variations[i])
		case "variation":
		default:
			r.fail("Type", "the shop has no such products")
		}
		if err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.lost)) {
		p := f.lost[name]
		if n := f.lostRows[name]; n > 1 {
			p.Message += fmt.Sprintf("; so it is in %d rows", n)
		}
		f.table.warnings = append(f.table.warnings, *p)
	}
	return nil
}

// kind returns the kind of a product: the first word of its type, which may be "simple, virtual".
func (r wooRow) kind() string {
	kinds := splitList(strings.ToLower(r.get("type")))
	for _, kind := range []string{"variable", "variation", "grouped", "external", "simple"} {
		if slices.Contains(kinds, kind) {
			return kind
		}
	}
	return strings.Join(kinds, ", ")
}

// findParents finds the products of variations. A SKU may look like an ID, so that IDs go first.
func (f *wooFile) findParents() {
	for i, r := range f.rows {
		if r.kind() == "variation" {
			continue
		}
		if sku := r.get("sku"); sku != "" {
			f.parents["sku "+sku] = i
		}
		if id := r.get("id"); id != "" {
			f.parents["id "+id] = i
		}
	}
	for i, r := range f.rows {
		if r.kind() != "variation" {
			continue
		}
		named := r.get("parent")
		id, _ := strings.CutPrefix(strings.ToLower(named), "id:")
		parent, found := f.parents["id "+strings.TrimSpace(id)]
		if !found || id == strings.ToLower(named) {
			parent, found = f.parents["sku "+named]
		}
		switch {
		case !found:
			r.fail("Parent", "is of no product in the file")
		case f.rows[parent].kind() != "variable":
			r.fail("Parent", "is of a product without variations")
		case r.get("published") == "0":
			r.warn("Published", "the variation is disabled; it was left out")
		default:
			f.variations[parent] = append(f.variations[parent], i)
		}
	}
}

// write adds a row with some cells, by column. r is where they are from.
func (f *wooFile) write(r wooRow, cells map[string]string) error {
	line := make([]string, len(f.out))
	for i, name := range f.out {
		line[i] = cells[name]
	}
	text, err := csvLine(line)
	if err != nil {
		return err
	}
	f.table.rows = append(f.table.rows, row{
		text: text, handle: cells["Handle"], sku: cells["Variant SKU"], record: r.Record, line: r.Line, made: true,
	})
	return nil
}

func csvLine(cells []string) (string, error) {
	var text strings.Builder
	w := csv.NewWriter(&text)
	err := w.Write(cells)
	w.Flush()
	return text.String(), errors.Join(err, w.Error())
}

// handleOf makes the handle of a product of its name. If an earlier product has that name, the ID or the SKU makes it another.
func (f *wooFile) handleOf(r wooRow) string {
	base := slugOf(r.get("name"))
	handle := base
	for n := 1; handle == "" || f.handles[handle]; n++ {
		other := strconv.Itoa(n)
		if n == 1 {
			other = slugOf(r.get("id") + " " + r.get("sku"))
		}
		handle = strings.Trim(base+"-"+other, "-")
	}
	f.handles[handle] = true
	return handle
}

// lose notes that the value in a column is lost. There is one warning for each reason, which names the first row.
func (r wooRow) lose(column, reason string) {
	key := column + " " + reason
	r.file.lostRows[key]++
	if r.file.lost[key] == nil {
		p := r.problem(column, reason)
		r.file.lost[key] = &p
	}
}
