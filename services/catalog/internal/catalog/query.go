package catalog

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/google/uuid"

	"souk/platform/field"
)

// Sort is the order of a list.
type Sort string

// The orders. By price is by the lowest price of a product.
const (
	ByRelevance Sort = "relevance"
	Newest      Sort = "newest"
	PriceAsc    Sort = "price_asc"
	PriceDesc   Sort = "price_desc"
	ByTitle     Sort = "title"
)

const (
	defaultLimit = 20
	maxLimit     = 100
	maxQuery     = 200
	maxCursor    = 2000
)

// Query says which products to list, and in which order.
type Query struct {
	Text     string
	Category string // a slug
	Brand    string
	// MinPrice and MaxPrice are minor units; a product matches when one of its variants does.
	MinPrice, MaxPrice *int64
	Sort               Sort
	Limit              int
	// After is where the page starts; nil for the first.
	After *Position
}

// Position is where a product stands in a list.
type Position struct {
	// Key is the product's value of what the list is sorted by, as the store writes it.
	Key string `json:"k"`
	ID  string `json:"i"`
	// Query tells the query that the position is of.
	Query string `json:"q"`
}

// Listed is a product in a list.
type Listed struct {
	Product Product
	Key     string
}

// Facet counts the matching products for each value of a field, the most common first.
type Facet struct {
	Field  string
	Values []FacetValue
}

// FacetValue is a value to filter by, its name for people, and how many products have it.
type FacetValue struct {
	Value string
	Name  string
	Count int64
}

// settle fills in what a query leaves open and checks the rest.
func (q *Query) settle(cursor string) error {
	if q.Limit == 0 {
		q.Limit = defaultLimit
	}
	if q.Sort == "" || q.Sort == ByRelevance && q.Text == "" {
		q.Sort = Newest
		if q.Text != "" {
			q.Sort = ByRelevance
		}
	}
	var check field.Checker
	check.Check(q.Limit >= 1 && q.Limit <= maxLimit, "limit", fmt.Sprintf("must be 1 to %d", maxLimit))
	checkLine(&check, "q", q.Text, maxQuery)
	checkLine(&check, "category", q.Category, maxSlug)
	checkLine(&check, "brand", q.Brand, maxName)
	check.Check(q.MinPrice == nil || *q.MinPrice >= 0, "min_price", "must be at least 0")
	check.Check(q.MaxPrice == nil || *q.MaxPrice >= 0, "max_price", "must be at least 0")
	check.Check(q.MinPrice == nil || q.MaxPrice == nil || *q.MinPrice <= *q.MaxPrice, "min_price", "must be at most max_price")
	if err := check.Err(); err != nil {
		return err
	}
	return q.start(cursor)
}

// start reads the cursor of an earlier page.
func (q *Query) start(cursor string) error {
	if cursor == "" {
		return nil
	}
	var after Position
	content, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(cursor) > maxCursor || json.Unmarshal(content, &after) != nil {
		return ErrBadCursor
	}
	if _, err := uuid.Parse(after.ID); err != nil || after.Query != q.digest() || !utf8.ValidString(after.Key) {
		return ErrBadCursor
	}
	q.After = &after
	return nil
}

// cursor is the cursor of a product in the query's list.
func (q *Query) cursor(l Listed) string {
	content, err := json.Marshal(Position{Key: l.Key, ID: l.Product.ID, Query: q.digest()})
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(content)
}

// digest tells queries apart by what they match and how they sort.
func (q *Query) digest() string {
	content, err := json.Marshal([]any{q.Text, q.Category, q.Brand, q.MinPrice, q.MaxPrice, q.Sort})
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(content)
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}
