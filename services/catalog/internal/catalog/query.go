package catalog

import (
	"fmt"

	"souk/platform/field"
)

// Sort is the sort order of a list.
type Sort string

// The sort orders. Sorting by price uses the lowest price of a product.
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
)

// Query selects and sorts products.
type Query struct {
	Text     string
	Category string // a slug
	Brand    string
	// MinPrice and MaxPrice are in minor units. A product matches if one of its variants does.
	MinPrice, MaxPrice *int64
	Sort               Sort
	Limit              int
	// Brief omits descriptions, tags and images, and of variants all but the SKU and the price.
	Brief bool
	// After is the position after which the page starts; nil for the first page.
	After *Position
}

// Position is the position of a product in a list.
type Position struct {
	// Key is the value of the sort key, as the store formats it.
	Key string
	ID  string
}

// Listed is a product in a list.
type Listed struct {
	Product Product
	Key     string
}

// Facet counts the matching products by the values of a field, the most frequent first.
type Facet struct {
	Field  string
	Values []FacetValue
}

// FacetValue is a value of a filter, its display name, and the number of products with it.
type FacetValue struct {
	Value string
	Name  string
	Count int64
}

// settle sets defaults and checks the query.
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
	q.Brand = tidyLine(q.Brand)
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
