package sheet

import "strings"

// scan reads the record at pos. It returns its cells and the position after it, or what is wrong with it. A quotation mark inside a
// cell without quotes is a character like others, unless strict.
func (r *Reader) scan(pos int, strict bool) (cells []string, next int, problem string) {
	for {
		var cell string
		if pos < len(r.text) && r.text[pos] == '"' {
			cell, pos, problem = r.quoted(pos + 1)
		} else {
			cell, pos, problem = r.plain(pos, strict)
		}
		if problem != "" {
			return nil, pos, problem
		}
		if len(cells) == maxCells {
			return nil, pos, "has too many cells"
		}
		cells = append(cells, cell)
		if pos == len(r.text) {
			return cells, pos, ""
		}
		if n := r.lineEnd(pos); n > 0 {
			return cells, pos + n, ""
		}
		pos++ // the separator
	}
}

// plain reads a cell without quotes.
func (r *Reader) plain(pos int, strict bool) (cell string, next int, problem string) {
	start := pos
	for pos < len(r.text) && r.text[pos] != r.separator && r.lineEnd(pos) == 0 {
		if strict && r.text[pos] == '"' {
			return "", pos, "has a stray quotation mark"
		}
		pos++
	}
	return r.text[start:pos], pos, ""
}

// quoted reads a cell after its opening quotation mark.
func (r *Reader) quoted(pos int) (cell string, next int, problem string) {
	start, doubled := pos, false
	for {
		n := strings.IndexByte(r.text[pos:], '"')
		if n < 0 {
			return "", len(r.text), "has a quotation mark that nothing closes"
		}
		pos += n + 1
		if pos < len(r.text) && r.text[pos] == '"' {
			doubled = true
			pos++
			continue
		}
		break
	}
	cell = r.text[start : pos-1]
	if doubled {
		cell = strings.ReplaceAll(cell, `""`, `"`)
	}
	if strings.Contains(cell, "\r") {
		cell = strings.ReplaceAll(strings.ReplaceAll(cell, "\r\n", "\n"), "\r", "\n")
	}
	for pos < len(r.text) && r.text[pos] == ' ' {
		pos++
	}
	if pos < len(r.text) && r.text[pos] != r.separator && r.lineEnd(pos) == 0 {
		return "", pos, "has a quotation mark too many, or one inside a cell that is not doubled"
	}
	return cell, pos, ""
}

// lineEnd returns the length of the line end at a position; 0 if there is none.
func (r *Reader) lineEnd(pos int) int {
	switch rest := r.text[pos:]; {
	case strings.HasPrefix(rest, "\r\n"):
		return 2
	case strings.HasPrefix(rest, "\n") && !r.carriage, strings.HasPrefix(rest, "\r") && r.carriage:
		return 1
	}
	return 0
}

// endOfLine returns the position after the line at pos, whatever its quotation marks.
func (r *Reader) endOfLine(pos int) int {
	for pos < len(r.text) {
		if n := r.lineEnd(pos); n > 0 {
			return pos + n
		}
		pos++
	}
	return pos
}

// rough returns the cells of the line at pos. From the first damaged one on, they are split at each separator.
func (r *Reader) rough(pos int) (cells []string) {
	end := r.endOfLine(pos)
	for pos < end && len(cells) < maxCells {
		var cell, problem string
		var next int
		if r.text[pos] == '"' {
			cell, next, problem = r.quoted(pos + 1)
		} else {
			cell, next, problem = r.plain(pos, false)
		}
		if problem != "" || next > end {
			break
		}
		cells = append(cells, cell)
		pos = next + 1
	}
	rest := strings.TrimRight(r.text[min(pos, end):end], "\r\n")
	if rest == "" {
		return cells
	}
	for _, cell := range strings.SplitN(rest, string(r.separator), maxCells) {
		cells = append(cells, strings.Trim(cell, `" `))
	}
	return cells[:min(len(cells), maxCells)]
}
