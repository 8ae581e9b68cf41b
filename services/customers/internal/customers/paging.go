package customers

import (
	"cmp"
	"fmt"

	"github.com/google/uuid"

	"souk/platform/field"
)

// The number of items on a page of a list, if the caller does not say and at most.
const (
	defaultListed = 20
	mostListed    = 100
)

// checkPage returns how many items a page has at most. The cursor is the ID of the last item of the page before. It returns ErrBadCursor, or a
// *field.Error for an invalid limit.
func checkPage(cursor string, limit int) (int, error) {
	var check field.Checker
	check.Check(limit >= 0 && limit <= mostListed, "limit", fmt.Sprintf("must be 1 to %d", mostListed))
	if err := check.Err(); err != nil {
		return 0, err
	}
	if cursor != "" && uuid.Validate(cursor) != nil {
		return 0, ErrBadCursor
	}
	return cmp.Or(limit, defaultListed), nil
}

// pageOf returns the first items that were found, at most limit, and the cursor of the next page, which is empty if there are no more.
func pageOf[T any](found []T, limit int, id func(T) string) (page []T, next string) {
	if len(found) <= limit {
		return found, ""
	}
	return found[:limit], id(found[limit-1])
}
