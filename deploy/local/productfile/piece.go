package productfile

import (
	"regexp"
	"strconv"
	"strings"
)

const (
	// A piece ends with the first product beyond so many rows or bytes.
	pieceRows  = 1000
	pieceBytes = 1 << 20
)

// piece is a part of a table: all rows of some products.
type piece struct {
	table *table
	// groups are the numbers of its groups of products.
	groups []int
	rows   []row
}

// groups returns the rows of a table in groups, each of which must be sent in one piece: the rows of a product, and products that name the
// same SKU. They are in the order of their first rows.
func (t *table) groups() [][]row {
	leaders := joined{}
	for _, r := range t.rows {
		leaders.join("handle "+r.handle, "sku "+r.sku, r.handle != "", r.sku != "")
	}
	var groups [][]row
	numbers := map[string]int{}
	for i, r := range t.rows {
		key := "row " + strconv.Itoa(i)
		switch {
		case r.handle != "":
			key = leaders.leader("handle " + r.handle)
		case r.sku != "":
			key = leaders.leader("sku " + r.sku)
		}
		n, known := numbers[key]
		if !known {
			n = len(groups)
			numbers[key] = n
			groups = append(groups, nil)
		}
		groups[n] = append(groups[n], r)
	}
	return groups
}

// joined maps each name to another of the same set; the leader of a set has no entry.
type joined map[string]string

func (j joined) leader(name string) string {
	for {
		next, ok := j[name]
		if !ok {
			return name
		}
		if after, ok := j[next]; ok {
			j[name] = after
		}
		name = next
	}
}

// join makes a and b names of one set, if the row has both.
func (j joined) join(a, b string, hasA, hasB bool) {
	if !hasA || !hasB {
		return
	}
	if a, b = j.leader(a), j.leader(b); a != b {
		j[b] = a
	}
}

// pieces cuts a table into pieces.
func (t *table) pieces(groups [][]row) (pieces []piece) {
	p, size := piece{table: t}, 0
	for n, group := range groups {
		p.add(n, group)
		for _, r := range group {
			size += len(r.text)
		}
		if len(p.rows) >= pieceRows || size >= pieceBytes {
			pieces, p, size = append(pieces, p), piece{table: t}, 0
		}
	}
	if len(p.rows) > 0 || len(pieces) == 0 {
		pieces = append(pieces, p)
	}
	return pieces
}

func (p *piece) add(number int, group []row) {
	p.groups = append(p.groups, number)
	p.rows = append(p.rows, group...)
}

// text returns what is sent. The byte order mark says that it is UTF-8, whatever the file was. Damaged rows come last, where their
// quotation marks cost no other row.
func (p *piece) text() string {
	var text strings.Builder
	text.WriteString("\uFEFF" + p.table.header)
	for _, r := range p.all() {
		text.WriteString(r.text)
	}
	return text.String()
}

func (p *piece) all() []row { return append(p.rows[:len(p.rows):len(p.rows)], p.table.damaged...) }

// row returns the row that a record of the piece is.
func (p *piece) row(record int) (row, bool) {
	all := p.all()
	if i := record - p.table.records - 1; i >= 0 && i < len(all) {
		return all[i], true
	}
	return row{}, false
}

// line returns the line of the file that a line of the piece is.
func (p *piece) line(line int) int {
	at := p.table.lines + 1
	for _, r := range p.all() {
		n := linesOf(r.text)
		if line < at+n && r.made {
			return r.line
		}
		if line < at+n {
			return r.line + line - at
		}
		at += n
	}
	return line
}

func linesOf(text string) int {
	return strings.Count(text, "\n") + strings.Count(text, "\r") - strings.Count(text, "\r\n")
}

// lineInMessage is where a message of the shop names another line.
var lineInMessage = regexp.MustCompile(`\b(of|up to) line (\d+)\b`)

// inFile returns a problem with the numbers that the file has.
func (p *piece) inFile(problem Problem) Problem {
	r, ok := p.row(problem.Record)
	if !ok {
		return problem
	}
	problem.Record, problem.Line = r.record, r.line
	problem.Message = lineInMessage.ReplaceAllStringFunc(problem.Message, func(text string) string {
		words := lineInMessage.FindStringSubmatch(text)
		n, err := strconv.Atoi(words[2])
		if err != nil {
			return text
		}
		return words[1] + " line " + strconv.Itoa(p.line(n))
	})
	if name := p.table.names[problem.Column]; name != "" {
		problem.Message = strings.Replace(problem.Message, problem.Column+":", name+":", 1)
		problem.Column = name
	}
	return problem
}
