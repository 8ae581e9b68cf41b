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
	// AsAsked is the order of the IDs in a query.
	AsAsked Sort = "as_asked"
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
	// OtherCategories and OtherBrands are alternatives to Category and Brand.
	OtherCategories, OtherBrands []string
	// Options selects products with a variant that has one of the values of each, and a price between MinPrice and MaxPrice.
	Options []OptionFilter
	// IDs selects products, if OnlyIDs is set.
	IDs     []string
	OnlyIDs bool
	// MinPrice and MaxPrice are in minor units. A product matches if one of its variants does.
	MinPrice, MaxPrice *int64
	Sort               Sort
	Limit              int
	// Brief omits descriptions, tags and images, and of variants all but the SKU, the price and the options, if they are filtered by.
	Brief bool
	// After is the position after which the page starts; nil for the first page.
	After *Position
}

// Position is the position of a product in a list.
type Position struct {
	// Key is the value of the sort key, as the store formats it.
	Key string
	ID  string
	// Oldest is the oldest product that the first page ranked, as the store formats it; empty if the page ranked all that matched. The
	// pages that follow rank the same products, even if others were added or withdrawn since.
	Oldest string
}

// Listed is a product in a list.
type Listed struct {
	Product Product
	// Key and Oldest are those of its position.
	Key, Oldest string
}

// List is the part of a list that a page shows, with what was asked for besides.
type List struct {
	Products []Listed
	// Facets count all that match by category and by brand. With a price or an option, they count the newest 1,000 alone, and
	// with a text those that are ranked.
	Facets []Facet
	// Variants are of the newest 1,000 that match, or of those ranked. An option is counted without the filter by it, and so are prices.
	Variants VariantFacets
	// Total is nil if it was not asked for.
	Total *Total
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
		q.Sort = q.usualSort()
	}
	q.tidyFilters()
	var check field.Checker
	check.Check(q.Limit >= 1 && q.Limit <= maxLimit, "limit", fmt.Sprintf("must be 1 to %d", maxLimit))
	checkLine(&check, "q", q.Text, maxQuery)
	q.checkFilters(&check)
	check.Check(q.MinPrice == nil || *q.MinPrice >= 0, "min_price", "must be at least 0")
	check.Check(q.MaxPrice == nil || *q.MaxPrice >= 0, "max_price", "must be at least 0")
	check.Check(q.MinPrice == nil || q.MaxPrice == nil || *q.MinPrice <= *q.MaxPrice, "min_price", "must be at most max_price")
	if err := check.Err(); err != nil {
		return err
	}
	q.settleIDs()
	return q.start(cursor)
}

// usualSort returns the order of a list for which none is asked.
func (q *Query) usualSort() Sort {
	switch {
	case len(q.IDs) > 0:
		return AsAsked
	case q.Text != "":
		return ByRelevance
	}
	return Newest
}
