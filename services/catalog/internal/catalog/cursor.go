package catalog

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

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
	cursors, err := q.cursors()
	if err != nil {
		return err
	}
	same, err := cursors.at(after)
	if err != nil {
		return err
	}
	if same != cursor {
		return ErrBadCursor
	}
	q.After = &after
	return nil
}

// cursors makes the cursors of a query. It encodes the query once, because a page has many cursors.
type cursors struct {
	// query and beyond are the parts of the query that a cursor is tied to, as JSON, before and after the position.
	query, beyond []byte
}

// cursors returns what makes the cursors of the query.
func (q *Query) cursors() (c cursors, err error) {
	query := []any{cursorVersion, q.Text, q.Category, q.Brand, q.MinPrice, q.MaxPrice, q.Sort}
	if c.query, err = json.Marshal(query); err != nil {
		return c, fmt.Errorf("cursor: %w", err)
	}
	c.query = bytes.TrimSuffix(c.query, []byte("]"))
	if beyond := q.beyond(); beyond != nil {
		if c.beyond, err = json.Marshal(beyond); err != nil {
			return c, fmt.Errorf("cursor: %w", err)
		}
	}
	return c, nil
}

// at returns the cursor for a position in the query's list.
func (c cursors) at(position Position) (string, error) {
	sum, err := c.sum(position)
	if err != nil {
		return "", err
	}
	plain, err := json.Marshal(cursorContent{Version: cursorVersion, Key: position.Key, ID: position.ID, Oldest: position.Oldest, Sum: sum})
	if err != nil {
		return "", fmt.Errorf("cursor: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(plain), nil
}

// sum returns a hash of a JSON array of the query and the position. It needs no secret key, because a forged cursor shows only public products.
func (c cursors) sum(at Position) (string, error) {
	array := slices.Clone(c.query)
	add := func(value string) error {
		encoded, err := json.Marshal(value)
		array = append(append(array, ','), encoded...)
		return err
	}
	err := errors.Join(add(at.Key), add(at.ID))
	if c.beyond != nil {
		array = append(append(array, ','), c.beyond...)
	}
	if at.Oldest != "" {
		err = errors.Join(err, add(at.Oldest))
	}
	if err != nil {
		return "", fmt.Errorf("cursor: %w", err)
	}
	sum := sha256.Sum256(append(array, ']'))
	return base64.RawURLEncoding.EncodeToString(sum[:9]), nil
}
