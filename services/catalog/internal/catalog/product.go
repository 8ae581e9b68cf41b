// Package catalog is the domain of the shop's products, their variants and categories.
package catalog

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var (
	// ErrNotFound is returned for a product that does not exist or is not on sale.
	ErrNotFound = errors.New("product not found")
	// ErrSlugTaken is returned if another product has the slug.
	ErrSlugTaken = errors.New("the slug is taken")
	// ErrVersionMismatch is returned if a product has changed since the version that an edit is based on.
	ErrVersionMismatch = errors.New("the product has changed")
	// ErrBadCursor is returned for a cursor that was not produced by this query.
	ErrBadCursor = errors.New("the cursor is not of this query")
)

// SKUTakenError is returned if a SKU belongs to another product.
type SKUTakenError struct {
	SKU string
	// Variant is the index of the variant with that SKU.
	Variant int
}

func (e *SKUTakenError) Error() string {
	return fmt.Sprintf("SKU %s belongs to another product", e.SKU)
}

// Content is the part of a product that staff edit.
type Content struct {
	Slug        string
	Title       string
	Description string
	Brand       string
	// Category is the display name; its slug is derived from it.
	Category string
	Tags     []string
	Images   []Image
	Variants []Variant
	// Withdrawn products are not on sale.
	Withdrawn bool
}

// Product is a product in one or more variants.
type Product struct {
	Content
	ID string
	// Currency is the currency of all prices, an ISO 4217 code.
	Currency string
	// Version increases by one with each change.
	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time
}

// PriceRange returns the lowest and the highest price of the variants, in minor units.
func (c Content) PriceRange() (lowest, highest int64) {
	for i, v := range c.Variants {
		if i == 0 {
			lowest, highest = v.Price, v.Price
		}
		lowest, highest = min(lowest, v.Price), max(highest, v.Price)
	}
	return lowest, highest
}

// Variant is a version of a product that can be put into a cart.
type Variant struct {
	SKU     string
	Title   string
	Options []Option
	// Price is in minor units of the shop's currency.
	Price int64
	// Weight is in grams.
	Weight int64
}

// Option is a property that distinguishes variants, for example Size: Large.
type Option struct {
	Name  string
	Value string
}

// Image is a picture of a product.
type Image struct {
	URL string
	Alt string
}

// SoldVariant is a variant with the data of its product that an order line needs.
type SoldVariant struct {
	Variant
	Currency     string
	ProductID    string
	ProductTitle string
	ProductSlug  string
	// Image is the first image of the product, or nil.
	Image *Image
	// Withdrawn is set if the product is no longer on sale.
	Withdrawn bool
}

// Category groups products.
type Category struct {
	Slug     string
	Name     string
	Products int64
}

// Store stores the catalog.
type Store interface {
	// List returns the published products that match a query, at most one more than its limit. Sorted by relevance, it ranks
	// the newest 1,000 matches; older ones follow, the newest first.
	List(ctx context.Context, query Query) ([]Listed, error)
	// Facets counts the published products that match a query by category and by brand. For a query with a text or a price, it
	// counts only the newest 1,000 matches.
	Facets(ctx context.Context, query Query) ([]Facet, error)
	// ByID returns a published product, or ErrNotFound. The ID is a UUID.
	ByID(ctx context.Context, id string) (Product, error)
	// BySlug returns a published product, or ErrNotFound.
	BySlug(ctx context.Context, slug string) (Product, error)
	// BySlugs returns the products with these slugs, including withdrawn ones, by slug.
	BySlugs(ctx context.Context, slugs []string) (map[string]Product, error)
	// Owners maps each of these SKUs to the slug of its product.
	Owners(ctx context.Context, skus []string) (map[string]string, error)
	// Variants returns the variants with these SKUs, including withdrawn ones.
	Variants(ctx context.Context, skus []string) ([]SoldVariant, error)
	// Categories returns the categories with a published product, sorted by slug.
	Categories(ctx context.Context) ([]Category, error)
	// AddUpCounts adds some of the latest changes to the stored counts of products, so that counting stays fast. It returns the
	// number of changes.
	AddUpCounts(ctx context.Context) (int, error)
	// Insert adds a product. Its errors are ErrSlugTaken and *SKUTakenError.
	Insert(ctx context.Context, product Product) error
	// Update replaces a product, if its stored version is product's version minus one. Its errors are ErrVersionMismatch and
	// *SKUTakenError.
	Update(ctx context.Context, product Product) error
	// Withdraw takes a product off sale. It does nothing if the product is withdrawn already, and returns ErrNotFound if there
	// is none.
	Withdraw(ctx context.Context, id string, at time.Time) error
}
