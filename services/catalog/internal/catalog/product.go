// Package catalog is the domain of the shop's products, their variants and categories.
package catalog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"souk/services/catalog/internal/words"
)

var (
	// ErrNotFound is returned for a product that does not exist or is not on sale.
	ErrNotFound = errors.New("product not found")
	// ErrSlugTaken is returned if another product has the slug.
	ErrSlugTaken = errors.New("the slug is taken")
	// ErrHandleTaken is returned if another product has the handle.
	ErrHandleTaken = errors.New("the handle is taken")
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
	Slug string
	// Handle names the product in files; empty if no file has named it, and then it is the slug.
	Handle      string
	Title       string
	Description string
	Brand       string
	// Category is the display name with those of the categories that it is in, for example Home > Lamps; its slug is derived from it.
	Category string
	Tags     []string
	Images   []Image
	Variants []Variant
	SEO      SEO
	// Status is Active if it is empty in a new product.
	Status Status
	// PublishAt is when a scheduled product becomes active; nil for all others.
	PublishAt *time.Time
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

// Prices returns the prices of the variants in minor units, each once, the lowest first.
func (c Content) Prices() []int64 {
	prices := make([]int64, len(c.Variants))
	for i, v := range c.Variants {
		prices[i] = v.Price
	}
	slices.Sort(prices)
	return slices.Compact(prices)
}

// Options returns the options of the variants, each once.
func (c Content) Options() (all []Option) {
	for _, v := range c.Variants {
		all = append(all, v.Options...)
	}
	slices.SortFunc(all, func(a, b Option) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value)) })
	return slices.Compact(all)
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
	StockRule
	// CompareAt is the price that the offer is compared with, above Price; nil if there is no reduction.
	CompareAt *int64
	// LowestPrice is the lowest price of the 30 days before the reduction. It is nil without a reduction, and for a variant that had no
	// price before. Store.Save sets it.
	LowestPrice *int64
	// Barcode is the number that scanners read, or empty.
	Barcode string
	// Image is the variant's own picture, or nil.
	Image *Image
}

// SEO is what search engines show of a product instead of its title and its description.
type SEO struct {
	Title       string
	Description string
}

// StockRule says how the stock of a variant limits its sale. Its zero value sells what is in stock.
type StockRule struct {
	// Untracked means that the stock is not counted, so that the variant can always be bought.
	Untracked bool
	// ContinueSelling means that the variant can be bought when there is no stock.
	ContinueSelling bool
}

// Owner is the product that a SKU belongs to.
type Owner struct {
	ID string
	// Handle is the product's handle, or its slug if it has none.
	Handle string
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
	// Width and Height are in pixels; 0 if they are not known.
	Width  int `json:",omitempty"`
	Height int `json:",omitempty"`
}

// SoldVariant is a variant with the data of its product that an order line needs.
type SoldVariant struct {
	Variant
	Currency     string
	ProductID    string
	ProductTitle string
	ProductSlug  string
	// Image is the variant's own image or else the first one of the product, or nil.
	Image *Image
	// Status is that of the product.
	Status Status
}

// Store stores the catalog.
type Store interface {
	// List returns the active products that match a query, at most one more than its limit, with the extras asked for. Sorted by
	// relevance, it ranks the newest 500 matches; older ones follow, the newest first.
	List(ctx context.Context, query Query, extras Extras) (List, error)
	// Typed returns active products that contain what a shopper has typed, some of them if there are many.
	Typed(ctx context.Context, typed *words.Typed) ([]Named, error)
	// ByID returns a product on sale, or ErrNotFound. The ID is a UUID.
	ByID(ctx context.Context, id string) (Product, error)
	// BySlug returns a product on sale, or ErrNotFound.
	BySlug(ctx context.Context, slug string) (Product, error)
	// ByHandles returns the products with these handles, and those without a handle that have one of these slugs, of any
	// status.
	ByHandles(ctx context.Context, handles, slugs []string) ([]Product, error)
	// After returns the first products after an ID, in the order of IDs, of any status.
	After(ctx context.Context, id string, limit int) ([]Product, error)
	// Owners maps each of these SKUs to its product.
	Owners(ctx context.Context, skus []string) (map[string]Owner, error)
	// Variants returns the variants with these SKUs, of products of any status.
	Variants(ctx context.Context, skus []string) ([]SoldVariant, error)
	// FacetsOfVariants counts the products of these variants by the options and prices that the variants have.
	FacetsOfVariants(ctx context.Context, skus []string) (VariantFacets, error)
	// Categories returns the categories with an active product, sorted by slug.
	Categories(ctx context.Context) ([]Category, error)
	// CategoriesBeginning returns the categories with an active product whose slugs begin with one of these. A slug may have several names.
	CategoriesBeginning(ctx context.Context, slugs []string) ([]Category, error)
	// AddUpCounts adds some of the latest changes to the stored counts of products, so that counting stays fast. It returns the
	// number of changes.
	AddUpCounts(ctx context.Context) (int, error)
	// CountTitles counts in how many titles the words of the vocabulary are, among a sample of the products on sale, and stores the counts of
	// some words that have changed. It returns the number of words.
	CountTitles(ctx context.Context) (int, error)
	// Index writes the words by which products are found, for some of those that have none for their version. It returns the
	// number of products.
	Index(ctx context.Context) (int, error)
	// Save adds the products of version 1, and replaces the others if their stored version is one less. It is one transaction, so that
	// products may exchange SKUs. It sets the LowestPrice of all variants. Its errors are ErrSlugTaken, ErrHandleTaken, ErrVersionMismatch and *SKUTakenError.
	Save(ctx context.Context, products ...Product) error
	// Withdraw takes a product off sale. It does nothing if the product is withdrawn already, and returns ErrNotFound if there
	// is none.
	Withdraw(ctx context.Context, id string, at time.Time) error
	// Restore makes a withdrawn product active. It does nothing if the product is not withdrawn, and returns ErrNotFound if there
	// is none.
	Restore(ctx context.Context, id string, at time.Time) error
	// PublishDue makes some of the scheduled products active whose time is not after at. It returns the number of products.
	PublishDue(ctx context.Context, at time.Time) (int, error)
	// AnyByID returns a product of any status, or ErrNotFound. The ID is a UUID.
	AnyByID(ctx context.Context, id string) (Product, error)
	// ListAll returns the products that a query matches, the newest first, at most its limit. It returns ErrBadCursor if there is no
	// product to start after.
	ListAll(ctx context.Context, query AnyQuery) ([]Product, error)
	// Synonyms returns the synonyms of searches, in the order in which they were set.
	Synonyms(ctx context.Context) (Synonyms, error)
	// SetSynonyms replaces the synonyms of searches. It returns ErrVersionMismatch if version is not nil and not theirs.
	SetSynonyms(ctx context.Context, groups [][]string, version *int64) (Synonyms, error)
}
