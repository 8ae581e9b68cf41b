package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
)

const (
	// The maximum number of errors that are listed; more are only counted.
	maxErrors = 1000
	// The maximum length of a message in characters, because it may quote a cell.
	maxMessage = 300
)

// RowError describes a row that was left out.
type RowError struct {
	// Line is the line of the file where the row starts; the header is line 1.
	Line    int
	Message string
}

// report collects row errors from several goroutines. The zero value is ready for use.
type report struct {
	mu     sync.Mutex
	errors []RowError
	// more counts the errors beyond maxErrors; the first of them is at line moreFrom.
	more, moreFrom int
}

func (r *report) fail(line int, message string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.errors) == maxErrors {
		if r.more == 0 {
			r.moreFrom = line
		}
		r.more++
		return
	}
	r.errors = append(r.errors, RowError{Line: line, Message: fmt.Sprintf("%.*s", maxMessage, message)})
}

// rowErrors returns the errors sorted by line, followed by one with the number of errors that are not listed.
func (r *report) rowErrors() []RowError {
	r.mu.Lock()
	defer r.mu.Unlock()
	sorted := slices.SortedStableFunc(slices.Values(r.errors), func(a, b RowError) int { return cmp.Compare(a.Line, b.Line) })
	if r.more > 0 {
		sorted = append(sorted, RowError{Line: r.moreFrom, Message: fmt.Sprintf("from here on, %d more were left out", r.more)})
	}
	return sorted
}
