package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
)

const (
	// The most errors that are reported one by one; the rest are counted.
	maxErrors = 1000
	// The longest message in characters: it may quote a cell.
	maxMessage = 300
)

// RowError is a row that was left out.
type RowError struct {
	// Line is the line of the file that the row starts on; the header is line 1.
	Line    int
	Message string
}

// report collects row errors, from many goroutines. Its zero value is ready.
type report struct {
	mu     sync.Mutex
	errors []RowError
	// more counts the errors past maxErrors, which begin at line moreFrom.
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

// rowErrors returns the errors by line, with a last one for those that were only counted.
func (r *report) rowErrors() []RowError {
	r.mu.Lock()
	defer r.mu.Unlock()
	sorted := slices.SortedStableFunc(slices.Values(r.errors), func(a, b RowError) int { return cmp.Compare(a.Line, b.Line) })
	if r.more > 0 {
		sorted = append(sorted, RowError{Line: r.moreFrom, Message: fmt.Sprintf("from here on, %d more were left out", r.more)})
	}
	return sorted
}
