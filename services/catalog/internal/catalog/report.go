package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
)

const (
	// The maximum number of errors and of warnings that are listed; more are only counted.
	maxProblems = 1000
	// The maximum lengths of a message and of a quoted cell in characters.
	maxMessage = 300
	maxQuoted  = 100
)

// Problem describes something in a file that was not imported as it is.
type Problem struct {
	// Record is the row's number in a spreadsheet; the header is 1.
	Record int
	// Line is the line of the file where the row starts; the header is line 1.
	Line int
	// Handle is the product's handle; empty if it is not known.
	Handle string
	// Column and Value are the name and the content of the cell; empty if the problem is not about a cell.
	Column, Value string
	Message       string
}

// report collects problems from several goroutines. The zero value is ready for use.
type report struct {
	mu       sync.Mutex
	errors   problems
	warnings problems
}

// problems is a list of problems. more counts those beyond maxProblems, and next is the first of them.
type problems struct {
	listed []Problem
	more   int
	next   Problem
}

// fail reports something that was left out.
func (r *report) fail(p Problem) { r.add(&r.errors, p) }

// warn reports something that was imported in another way than the file says.
func (r *report) warn(p Problem) { r.add(&r.warnings, p) }

func (r *report) add(to *problems, p Problem) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(to.listed) == maxProblems {
		if to.more == 0 {
			to.next = Problem{Record: p.Record, Line: p.Line}
		}
		to.more++
		return
	}
	p.Message = strings.ToValidUTF8(fmt.Sprintf("%.*s", maxMessage, p.Message), "\uFFFD")
	p.Value = strings.ToValidUTF8(fmt.Sprintf("%.*s", maxQuoted, p.Value), "\uFFFD")
	p.Handle = strings.ToValidUTF8(fmt.Sprintf("%.*s", maxHandle, p.Handle), "\uFFFD")
	p.Column = strings.ToValidUTF8(fmt.Sprintf("%.*s", maxQuoted, p.Column), "\uFFFD")
	to.listed = append(to.listed, p)
}

// all returns the problems sorted by record, followed by one with the number of those that are not listed.
func (p problems) all() []Problem {
	sorted := slices.SortedStableFunc(slices.Values(p.listed), func(a, b Problem) int { return cmp.Compare(a.Record, b.Record) })
	if p.more > 0 {
		sorted = append(sorted, Problem{
			Record: p.next.Record, Line: p.next.Line, Message: fmt.Sprintf("from here on, %d more are not listed", p.more),
		})
	}
	return sorted
}
