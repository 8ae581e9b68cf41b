// Package sheet reads tables from CSV files as spreadsheets and shops write them: with commas, semicolons or tabs, in several
// encodings, with any line ends, and with stray quotation marks.
package sheet

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrNoHeader is returned for a file without any cell.
var ErrNoHeader = errors.New("must be a CSV with a header")

// The maximum number of cells in a row.
const maxCells = 2000

// Row is a row of a table.
type Row struct {
	Cells []string
	// Record is the row's number in a spreadsheet; the header is 1.
	Record int
	// Line is the line of the file where the row starts, from 1.
	Line int
	// Start and End are the part of the text that the row takes, with the lines that were passed over because of damage.
	Start, End int
}

// DamageError is returned for a row that cannot be read.
type DamageError struct {
	// LastLine is the last line of the file that was passed over because of the damage.
	LastLine int
	Reason   string
}

func (e *DamageError) Error() string { return e.Reason }

// Reader reads the rows of a table in turn.
type Reader struct {
	// Header are the names of the columns.
	Header []string
	// Key is the column that has a value without blanks in every row. After damage, it tells rows from other lines.
	Key int

	// text is the whole text, or a part of source that begins at base.
	text   string
	source io.Reader
	base   int
	// over means that source has no more text, and failure why it could not be read.
	over    bool
	failure error

	separator byte
	// carriage means that lines end with a carriage return alone.
	carriage bool

	pos, line, record int
	// usual is the number of cells of the last row.
	usual int
}

// NewReader reads the header of a table. The separator is the one with which the header has the most columns that known counts. A first
// line such as sep=; names it.
func NewReader(text string, known func(header []string) int) (*Reader, error) {
	return newReader(&Reader{text: text, line: 1, over: true}, known)
}

func newReader(r *Reader, known func(header []string) int) (*Reader, error) {
	r.fill()
	if r.failure != nil {
		return nil, r.failure
	}
	r.carriage = endsWithCarriageReturn(r.text)
	separators := []byte(",;\t|")
	if named, ok := r.readHint(); ok {
		separators = []byte{named}
	}
	r.skipBlankLines()
	best, chosen, next := -1, byte(0), 0
	for _, r.separator = range separators {
		header, end, problem := r.scan(r.pos, false)
		if n := known(header); problem == "" && n > best {
			best, chosen, next = n, r.separator, end
			r.Header = trimEmpty(header)
		}
	}
	if len(r.Header) == 0 {
		return nil, ErrNoHeader
	}
	r.separator = chosen
	r.advance(next)
	r.record++
	return r, nil
}

// endsWithCarriageReturn reports whether the first line ends with a carriage return alone.
func endsWithCarriageReturn(text string) bool {
	quoted := false
	for i := range len(text) {
		switch text[i] {
		case '"':
			quoted = !quoted
		case '\n', '\r':
			if !quoted {
				return text[i] == '\r' && !strings.HasPrefix(text[i:], "\r\n")
			}
		}
	}
	return false
}

// readHint reads a first line such as sep=; which Excel understands.
func (r *Reader) readHint() (separator byte, ok bool) {
	rest, quoted := strings.CutPrefix(r.text, `"`)
	rest, ok = strings.CutPrefix(strings.ToLower(rest[:min(len(rest), 5)])+rest[min(len(rest), 5):], "sep=")
	if !ok || rest == "" {
		return 0, false
	}
	separator = rest[0]
	end := len(r.text) - len(rest) + 1
	if quoted && strings.HasPrefix(rest[1:], `"`) {
		end++
	}
	n := r.lineEnd(end)
	if n == 0 && end < len(r.text) {
		return 0, false
	}
	r.advance(end + n)
	return separator, true
}

func (r *Reader) skipBlankLines() {
	for r.pos < len(r.text) {
		n := r.lineEnd(r.pos)
		if n == 0 {
			return
		}
		r.advance(r.pos + n)
		r.record++
	}
}

// Next returns the next row that has a value, or io.EOF. For a row that cannot be read, it returns the cells that can be told apart and a
// *DamageError. The row after that is the next line that is a row again.
func (r *Reader) Next() (Row, error) {
	for r.more() {
		row := Row{Line: r.line, Record: r.record + 1, Start: r.base + r.pos}
		r.record++
		cells, next, problem := r.scan(r.pos, false)
		if problem == "" && next == len(r.text) && !r.over {
			problem = "is longer than 1 MiB"
		}
		if problem == "" && !r.usualLength(cells) {
			problem = r.doubt(next)
		}
		if problem != "" {
			row.Cells = r.rough(r.pos)
			r.skipDamage()
			row.End = r.base + r.pos
			return row, &DamageError{LastLine: r.line - 1, Reason: problem}
		}
		r.advance(next)
		if isEmpty(cells) {
			continue
		}
		row.Cells, row.End, r.usual = cells, r.base+next, len(cells)
		return row, r.checkLength(cells)
	}
	if r.failure != nil {
		return Row{}, r.failure
	}
	return Row{}, io.EOF
}

// doubt returns what is probably wrong with a record that ends at next and has an unusual number of cells.
func (r *Reader) doubt(next int) string {
	if _, _, stray := r.scan(r.pos, true); stray != "" || r.lines(next) > 1 {
		return "has another number of cells than the header: a quotation mark may be missing or too many"
	}
	return ""
}

// checkLength refuses values to the right of the header's last column.
func (r *Reader) checkLength(cells []string) error {
	if n := len(trimEmpty(cells)); n > len(r.Header) {
		return &DamageError{LastLine: r.line - 1, Reason: fmt.Sprintf("has %d cells, but the header has %d", n, len(r.Header))}
	}
	return nil
}

func (r *Reader) usualLength(cells []string) bool {
	return len(cells) == len(r.Header) || len(cells) == r.usual || len(cells) > len(r.Header) && len(trimEmpty(cells)) == len(r.Header)
}

// skipDamage passes over the line at which the reader is, and over those after it up to one that is a row.
func (r *Reader) skipDamage() {
	r.advance(r.endOfLine(r.pos))
	for r.more() {
		cells, _, problem := r.scan(r.pos, true)
		if problem != "" {
			cells = r.rough(r.pos)
		}
		if r.usualLength(cells) && r.hasKey(cells) {
			return
		}
		r.advance(r.endOfLine(r.pos))
	}
}

// hasKey reports whether the key of a row looks like one, and not like a part of a text.
func (r *Reader) hasKey(cells []string) bool {
	return r.Key < len(cells) && cells[r.Key] != "" && !strings.ContainsAny(cells[r.Key], " <>\"\n\t")
}

// lines returns how many lines end between the reader and a position.
func (r *Reader) lines(end int) int {
	part := r.text[r.pos:end]
	return strings.Count(part, "\n") + strings.Count(part, "\r") - strings.Count(part, "\r\n")
}

// advance moves the reader forward and counts lines.
func (r *Reader) advance(to int) {
	r.line += r.lines(to)
	r.pos = to
}

func trimEmpty(cells []string) []string {
	for len(cells) > 0 && strings.TrimSpace(cells[len(cells)-1]) == "" {
		cells = cells[:len(cells)-1]
	}
	return cells
}

func isEmpty(cells []string) bool { return len(trimEmpty(cells)) == 0 }
