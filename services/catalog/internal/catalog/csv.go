package catalog

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"souk/platform/field"
	"souk/platform/sheet"
)

// The format is Shopify's product CSV: https://help.shopify.com/en/manual/products/import-export/using-csv
//
// Rows with the same handle, anywhere in the file, are one product. One of them has its title. Each may add a variant and an image.

const (
	// The maximum number of products and of variants in a file.
	maxFileItems = 200_000
	// The maximum number of rows. A row adds at most a variant and an image.
	maxFileRows = 500_000
	// The maximum length of a handle in characters, as at Shopify.
	maxHandle = 255
)

// file is a CSV whose rows were found. Its products are read in batches, so that little of a long file is in memory at once.
type file struct {
	*report
	currency string
	columns  *fileColumns
	reader   *sheet.Reader
	// text is the file as UTF-8, and close ends its use.
	text  io.ReaderAt
	close func()
	// products are in the order of their first rows.
	products []*listed
	byHandle map[string]*listed
	// variants counts the rows with a variant.
	variants int
	// lost are the handles of rows that could not be read. If lostAny, a handle is not known.
	lost    map[string]bool
	lostAny bool
	// drafts are the products of the batch at hand.
	drafts []*draft
}

// listed is a product of a file.
type listed struct {
	handle string
	rows   []place
	// broken means that the product is not imported.
	broken bool
	// gives means that the product is stored and that rows describe variants of it, so that it may give up SKUs.
	gives bool
}

// place is where a row is in the text.
type place struct {
	start, end   int64
	record, line int32
}

// openFile finds the rows of a file. It returns a *field.Error for a file without a valid header. Broken rows are listed in the report.
func openFile(content File, currency string) (*file, error) {
	text, encoding, done, err := textOf(content)
	if err != nil {
		return nil, err
	}
	f := &file{
		report: &report{}, currency: currency, text: text, close: done, byHandle: map[string]*listed{}, lost: map[string]bool{},
	}
	if err := f.index(text, encoding); err != nil {
		done()
		return nil, err
	}
	return f, nil
}

func (f *file) index(text io.Reader, encoding sheet.Encoding) (err error) {
	f.reader, err = sheet.NewFileReader(text, countKnown)
	if errors.Is(err, sheet.ErrNoHeader) {
		return field.Invalid("body", err.Error())
	}
	if err != nil {
		return err
	}
	f.columns = newFileColumns(f.reader.Header)
	if !f.columns.known.has(columnHandle) {
		return field.Invalid("body", "has no column Handle or URL handle, with its cells separated by commas, semicolons or tabs")
	}
	f.reader.Key = f.columns.all.places[columnHandle][0]
	if encoding == sheet.Windows1252 {
		f.warn(Problem{Record: 1, Line: 1, Message: "the file is not UTF-8 and was read as Windows-1252: check the letters with accents"})
	}
	return f.readRows()
}

func (f *file) readRows() error {
	for rows := 0; ; rows++ {
		r, err := f.reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		read := row{Row: r, columns: f.columns.all}
		read.handle = norm.NFC.String(read.get(columnHandle))
		var damage *sheet.DamageError
		switch {
		case errors.As(err, &damage):
			f.lose(read, damage)
		case err != nil:
			return err
		default:
			f.add(read)
		}
		if rows == maxFileRows {
			return field.Invalid("body", fmt.Sprintf("must have at most %d rows", maxFileRows))
		}
		if max(len(f.products), f.variants) > maxFileItems {
			return field.Invalid("body", fmt.Sprintf("must have at most %d products and variants", maxFileItems))
		}
	}
}

// lose reports a row that could not be read. The import then removes no variants from its product.
func (f *file) lose(r row, damage *sheet.DamageError) {
	message := damage.Reason
	if damage.LastLine > r.Line {
		message += fmt.Sprintf("; left out up to line %d", damage.LastLine)
	}
	f.lost[strings.Clone(r.handle)] = true
	f.lostAny = f.lostAny || r.handle == "" || len(r.Cells) != len(f.columns.all.header)
	f.fail(Problem{Record: r.Record, Line: r.Line, Handle: r.handle, Value: strings.Join(r.Cells, ","), Message: message})
}

// add adds a row to its product.
func (f *file) add(r row) {
	var check field.Checker
	checkLine(&check, "", r.handle, maxHandle)
	switch name, found := r.notText(); {
	case found:
		f.lost[strings.Clone(r.handle)] = true
		f.lostAny = f.lostAny || r.handle == ""
		f.fail(Problem{Record: r.Record, Line: r.Line, Handle: r.handle, Column: name, Message: name + ": must be UTF-8 text"})
		return
	case r.handle == "":
		f.fail(r.about(columnHandle, "is missing"))
		return
	case check.Err() != nil:
		f.fail(r.about(columnHandle, fmt.Sprintf("must have at most %d characters, and no control characters", maxHandle)))
		return
	}
	p, ok := f.byHandle[r.handle]
	if !ok {
		p = &listed{handle: strings.Clone(r.handle)}
		f.byHandle[p.handle] = p
		f.products = append(f.products, p)
	}
	p.rows = append(p.rows, place{start: int64(r.Start), end: int64(r.End), record: int32(r.Record), line: int32(r.Line)})
	if r.isVariant() {
		f.variants++
	}
}

// leaveOut removes a draft from the import. The problem is about row first; each other row is reported as well.
func (f *file) leaveOut(d *draft, first row, p Problem) {
	d.broken = true
	f.fail(p)
	for _, r := range d.rows {
		if r.Record != first.Record {
			f.fail(r.about("", fmt.Sprintf("belongs to the product of line %d, which was left out", first.Line)))
		}
	}
}

// dropBroken removes the drafts that were left out.
func (f *file) dropBroken() {
	f.drafts = slices.DeleteFunc(f.drafts, func(d *draft) bool { return d.broken })
}
