package catalog

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"souk/platform/identifier"
)

const (
	// A cursor of another version is refused, rather than misread after a change of its meaning.
	cursorVersion = 1
	maxCursor     = 2000
)

// cursorContent is what a cursor holds, in base64url.
type cursorContent struct {
	Version int    `json:"v"`
	Key     string `json:"k"`
	ID      string `json:"i"`
	// Sum ties the position to the query that produced it.
	Sum string `json:"s"`
}

// start reads the cursor of an earlier page. A good cursor is, to the letter, the one that q gives the position in it;
// that also catches one that was changed on the way.
func (q *Query) start(cursor string) error {
	if cursor == "" {
		return nil
	}
	var content cursorContent
	plain, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(cursor) > maxCursor || json.Unmarshal(plain, &content) != nil || !identifier.Valid(content.ID) {
		return ErrBadCursor
	}
	after := Position{Key: content.Key, ID: content.ID}
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

// cursor returns the cursor of a position in the query's list.
func (q *Query) cursor(at Position) (string, error) {
	sum, err := q.sum(at)
	if err != nil {
		return "", err
	}
	plain, err := json.Marshal(cursorContent{Version: cursorVersion, Key: at.Key, ID: at.ID, Sum: sum})
	if err != nil {
		return "", fmt.Errorf("cursor: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(plain), nil
}

// sum tells positions apart by where they are, and by what their query matches and how it sorts. It is no signature:
// who makes up a cursor sees a page of public products.
func (q *Query) sum(at Position) (string, error) {
	plain, err := json.Marshal([]any{cursorVersion, q.Text, q.Category, q.Brand, q.MinPrice, q.MaxPrice, q.Sort, at.Key, at.ID})
	if err != nil {
		return "", fmt.Errorf("cursor: %w", err)
	}
	sum := sha256.Sum256(plain)
	return base64.RawURLEncoding.EncodeToString(sum[:9]), nil
}
