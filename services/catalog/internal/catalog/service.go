package catalog

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/text/unicode/norm"

	"souk/platform/field"
	"souk/platform/identifier"
)

const (
	// The maximum number of SKUs in one request.
	maxSKUs = 2000
	// The maximum number of SKUs that facets are counted of.
	maxFacetSKUs = 20_000
)

const (
	// AddUpEvery is the interval at which to call AddUpCounts.
	AddUpEvery = 5 * time.Second
	// CountTitlesEvery is the interval at which to call CountTitles.
	CountTitlesEvery = time.Minute
	// IndexEvery is the interval at which to call Index, while a version before this one may still write products.
	IndexEvery = 5 * time.Second
)

// Service implements the operations on the catalog.
type Service struct {
	store    Store
	currency string
}

// New returns a service on store, for a shop that sells in currency (ISO 4217).
func New(store Store, currency string) *Service {
	return &Service{store: store, currency: currency}
}

// Page is a page of a list.
type Page struct {
	Products []Product
	// Cursors contains a cursor for each product; the next page starts after one of them.
	Cursors []string
	// Matching contains the SKUs of the variants that match, for each product, if the query filters by options or prices.
	Matching [][]string
	More     bool
	Facets   []Facet
	// OptionFacets are named by the options.
	OptionFacets []Facet
	PriceRanges  []PriceRange
	// Total is nil if it was not asked for.
	Total *Total
}

// Extras are what a list is asked for besides its products.
type Extras struct {
	Facets, Total bool
}

// List searches and filters active products. It returns ErrBadCursor for a cursor that this query did not produce.
func (s *Service) List(ctx context.Context, query Query, cursor string, facets bool) (Page, error) {
	return s.ListWith(ctx, query, cursor, Extras{Facets: facets})
}

// ListWith is List with extras.
func (s *Service) ListWith(ctx context.Context, query Query, cursor string, extras Extras) (Page, error) {
	if err := query.settle(cursor); err != nil {
		return Page{}, err
	}
	asked := query
	if query.Category != "" {
		var err error
		if asked, err = s.withChildren(ctx, query); err != nil {
			return Page{}, err
		}
	}
	list, err := s.store.List(ctx, asked, extras)
	if err != nil {
		return Page{}, err
	}
	page, err := query.page(list.Products)
	page.Facets, page.OptionFacets, page.PriceRanges = list.Facets, list.Variants.Options, rangesOf(list.Variants.Prices)
	page.Total = list.Total
	return page, err
}

// page makes a page from the store's products, which are one more than the limit if there are more.
func (q *Query) page(listed []Listed) (page Page, err error) {
	if len(listed) > q.Limit {
		page.More, listed = true, listed[:q.Limit]
	}
	cursors, err := q.cursors()
	if err != nil {
		return Page{}, err
	}
	page.Products, page.Cursors, page.Matching = make([]Product, len(listed)), make([]string, len(listed)), make([][]string, len(listed))
	for i, l := range listed {
		page.Products[i], page.Matching[i] = l.Product, q.matching(l.Product.Variants)
		if page.Cursors[i], err = cursors.at(Position{Key: l.Key, ID: l.Product.ID, Oldest: l.Oldest}); err != nil {
			return Page{}, err
		}
	}
	return page, nil
}

// Product returns a product on sale by its ID or slug, or ErrNotFound. The slug may be in any Unicode form.
func (s *Service) Product(ctx context.Context, idOrSlug string) (Product, error) {
	idOrSlug = norm.NFC.String(idOrSlug)
	switch {
	case identifier.Valid(idOrSlug):
		return s.store.ByID(ctx, idOrSlug)
	case validSlug(idOrSlug):
		return s.store.BySlug(ctx, idOrSlug)
	default:
		return Product{}, ErrNotFound
	}
}

// Variants returns the variants with these SKUs, up to 2,000, of products of any status.
func (s *Service) Variants(ctx context.Context, skus []string) ([]SoldVariant, error) {
	valid, err := validSKUs(skus, maxSKUs)
	if err != nil {
		return nil, err
	}
	return s.store.Variants(ctx, valid)
}

// VariantFacets counts the products on sale of these variants, up to 20,000, by the options and the prices that the variants have.
func (s *Service) VariantFacets(ctx context.Context, skus []string) (options []Facet, prices []PriceRange, err error) {
	valid, err := validSKUs(skus, maxFacetSKUs)
	if err != nil {
		return nil, nil, err
	}
	facets, err := s.store.FacetsOfVariants(ctx, valid)
	return facets.Options, rangesOf(facets.Prices), err
}

// validSKUs returns those SKUs that a variant may have.
func validSKUs(skus []string, most int) ([]string, error) {
	if len(skus) > most {
		return nil, field.Invalid("skus", fmt.Sprintf("must have at most %d items", most))
	}
	valid := make([]string, 0, len(skus))
	for _, sku := range skus {
		if identifier.ValidSKU(sku) {
			valid = append(valid, sku)
		}
	}
	return valid, nil
}

// Index makes products findable that a version of the catalog before this one has written. Several replicas may do so at once.
func (s *Service) Index(ctx context.Context) error { return untilNone(ctx, s.store.Index) }

// AddUpCounts adds the latest changes to the stored counts of products. Several replicas may do so at once.
func (s *Service) AddUpCounts(ctx context.Context) error { return untilNone(ctx, s.store.AddUpCounts) }

// CountTitles counts in how many titles each word is, so that suggestions complete the commonest words. Several replicas may do so at once.
func (s *Service) CountTitles(ctx context.Context) error { return untilNone(ctx, s.store.CountTitles) }

// untilNone repeats a step until it has changed nothing.
func untilNone(ctx context.Context, step func(context.Context) (int, error)) error {
	for {
		n, err := step(ctx)
		if err != nil || n == 0 {
			return err
		}
	}
}
