// Package catalog is the domain of what the shop sells: products, their variants, and categories.
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
	// ErrSlugTaken is returned when another product has the slug.
	ErrSlugTaken = errors.New("the slug is taken")
	// ErrVersionMismatch is returned when a product has changed since the version that a change starts from.
	ErrVersionMismatch = errors.New("the product has changed")
	// ErrBadCursor is returned for a cursor that the query did not produce.
	ErrBadCursor = errors.New("the cursor is not of this query")
)

// SKUTakenError is returned when a SKU belongs to another product.
type SKUTakenError struct {
	SKU string
	// Variant is the index of the variant that wants it.
	Variant int
}

func (e *SKUTakenError) Error() string {
	return fmt.Sprintf("SKU %s belongs to another product", e.SKU)
}

// Content is what staff write of a product.
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

// Product is a thing the shop sells, in one variant or more.
type Product struct {
	Content
	ID string
	// Currency is that of every price, ISO 4217.
	Currency string
	// Version grows by one with each change.
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

// Variant is what a shopper can put in a cart.
type Variant struct {
	SKU     string
	Title   string
	Options []Option
	// Price is in minor units of the shop's currency.
	Price int64
	// Weight is in grams.
	Weight int64
}

// Option is a choice that tells variants apart: Size, Large.
type Option struct {
	Name  string
	Value string
}

// Image is a picture of a product.
type Image struct {
	URL string
	Alt string
}

// SoldVariant is a variant with what an order line needs of its product.
type SoldVariant struct {
	Variant
	Currency     string
	ProductID    string
	ProductTitle string
	ProductSlug  string
	// Image is the product's first, or nil.
	Image *Image
	// Withdrawn is set when the product is no longer sold.
	Withdrawn bool
}

// Category groups products.
type Category struct {
	Slug     string
	Name     string
	Products int64
}

// Store keeps the catalog.
type Store interface {
	// List returns the published products that match a query, one more than its limit at most. By relevance it ranks the
	// newest 1,000, and the older ones follow by age.
	List(ctx context.Context, query Query) ([]Listed, error)
	// Facets counts the published products that match a query by category and by brand; of a query with a text or a price, the
	// newest 1,000.
	Facets(ctx context.Context, query Query) ([]Facet, error)
	// ByID returns a published product, or ErrNotFound. The id is a UUID.
	ByID(ctx context.Context, id string) (Product, error)
	// BySlug returns a published product, or ErrNotFound.
	BySlug(ctx context.Context, slug string) (Product, error)
	// BySlugs returns the products with these slugs, withdrawn ones too, by slug.
	BySlugs(ctx context.Context, slugs []string) (map[string]Product, error)
	// Owners returns the slug of the product that each of these SKUs belongs to.
	Owners(ctx context.Context, skus []string) (map[string]string, error)
	// Variants returns the variants with these SKUs, withdrawn ones too.
	Variants(ctx context.Context, skus []string) ([]SoldVariant, error)
	// Categories returns the categories that have a published product, by slug.
	Categories(ctx context.Context) ([]Category, error)
	// AddUpCounts adds some of the latest changes to the counts of products, so that counting stays quick, and returns how many.
	AddUpCounts(ctx context.Context) (int, error)
	// Insert adds a product: ErrSlugTaken, *SKUTakenError.
	Insert(ctx context.Context, product Product) error
	// Update replaces a product that has the version before product's: ErrVersionMismatch, *SKUTakenError.
	Update(ctx context.Context, product Product) error
	// Withdraw takes a product off sale. It does nothing to one that is off sale, and returns ErrNotFound for none.
	Withdraw(ctx context.Context, id string, at time.Time) error
}
