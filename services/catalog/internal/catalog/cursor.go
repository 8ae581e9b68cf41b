package catalog

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"souk/platform/identifier"
)

const (
	// The version of the format. A cursor with another version is refused, so that it is not misinterpreted.
	cursorVersion = 1
	maxCursor     = 2000
)

// cursorContent is the content of a cursor, encoded as base64url.
type cursorContent struct {
	Version int    `json:"v"`
	Key     string `json:"k"`
	ID      string `json:"i"`
	Oldest  string `json:"o,omitempty"`
	// Sum ties the position to its query.
	Sum string `json:"s"`
}

// start sets the start of the page from the cursor of an earlier page. It accepts only the exact text that q would produce for
// the position, so that it also detects modified cursors.
func (q *Query) start(cursor string) error {
	if cursor == "" {
		return nil
	}
	var content cursorContent
	plain, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(cursor) > maxCursor || json.Unmarshal(plain, &content) != nil || !identifier.Valid(content.ID) {
		return ErrBadCursor
	}
	after := Position{Key: content.Key, ID: content.ID, Oldest: content.Oldest}
	same, err := q.cursor(after)
	if err != nil {
		return err
	}
	if same != cursor {
		return ErrBadCursor
	}
	q.After = &after
	return nil
}

// cursor returns the cursor for a position in the query's list.
func (q *Query) cursor(at Position) (string, error) {
	sum, err := q.sum(at)
	if err != nil {
		return "", err
	}
	plain, err := json.Marshal(cursorContent{Version: cursorVersion, Key: at.Key, ID: at.ID, Oldest: at.Oldest, Sum: sum})
	if err != nil {
		return "", fmt.Errorf("cursor: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(plain), nil
}

// sum returns a hash of the position, the filters and the sort order. It needs no secret key, because a forged cursor shows
// only public products.
func (q *Query) sum(at Position) (string, error) {
	query := []any{cursorVersion, q.Text, q.Category, q.Brand, q.MinPrice, q.MaxPrice, q.Sort, at.Key, at.ID}
	if beyond := q.beyond(); beyond != nil {
		query = append(query, beyond)
	}
	if at.Oldest != "" {
		query = append(query, at.Oldest)
	}
	plain, err := json.Marshal(query)
	if err != nil {
		return "", fmt.Errorf("cursor: %w", err)
	}
	sum := sha256.Sum256(plain)
	return base64.RawURLEncoding.EncodeToString(sum[:9]), nil
}
