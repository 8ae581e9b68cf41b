package catalog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"souk/platform/field"
)

// The most SKUs that can be asked for at once.
const maxSKUs = 2000

// Service is what can be done with the catalog.
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
	// Cursors stand beside the products: the next page starts after one of them.
	Cursors []string
	More    bool
	Facets  []Facet
}

// List searches and filters published products. ErrBadCursor is for a cursor that this query did not produce.
func (s *Service) List(ctx context.Context, query Query, cursor string, facets bool) (Page, error) {
	if err := query.settle(cursor); err != nil {
		return Page{}, err
	}
	listed, err := s.store.List(ctx, query)
	if err != nil {
		return Page{}, err
	}
	var page Page
	if len(listed) > query.Limit {
		page.More, listed = true, listed[:query.Limit]
	}
	for _, l := range listed {
		page.Products = append(page.Products, l.Product)
		page.Cursors = append(page.Cursors, query.cursor(l))
	}
	if facets {
		page.Facets, err = s.store.Facets(ctx, query)
	}
	return page, err
}

// Product returns a published product by id or slug, or ErrNotFound.
func (s *Service) Product(ctx context.Context, idOrSlug string) (Product, error) {
	if len(idOrSlug) > maxSlug || !slugPattern.MatchString(idOrSlug) {
		return Product{}, ErrNotFound // a UUID has the form of a slug too
	}
	return s.store.Find(ctx, idOrSlug)
}

// Variants returns the sellable ones of up to 2,000 SKUs.
func (s *Service) Variants(ctx context.Context, skus []string) ([]SoldVariant, error) {
	if len(skus) > maxSKUs {
		return nil, field.Invalid("skus", fmt.Sprintf("must have at most %d items", maxSKUs))
	}
	asked := make([]string, 0, len(skus))
	for _, sku := range skus {
		if skuPattern.MatchString(sku) {
			asked = append(asked, sku)
		}
	}
	return s.store.Variants(ctx, asked)
}

// Categories returns the categories that have a published product.
func (s *Service) Categories(ctx context.Context) ([]Category, error) {
	return s.store.Categories(ctx)
}

// How many slugs a product without one of its own tries.
const slugAttempts = 20

// Create adds a product: ErrSlugTaken, *SKUTakenError or a *field.Error. Without a slug it gets one made of its title,
// numbered if another product has it.
func (s *Service) Create(ctx context.Context, content Content) (Product, error) {
	given := content.Slug != ""
	if !given {
		content.Slug = Slugify(content.Title)
	}
	base := content.Slug
	for attempt := 2; ; attempt++ {
		product, err := s.insert(ctx, content)
		if given || !errors.Is(err, ErrSlugTaken) || attempt > slugAttempts {
			return product, err
		}
		content.Slug = fmt.Sprintf("%.*s-%d", maxSlug-4, base, attempt)
	}
}

func (s *Service) insert(ctx context.Context, content Content) (Product, error) {
	if err := content.check(); err != nil {
		return Product{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Product{}, err
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	product := Product{Content: content, ID: id.String(), Currency: s.currency, Version: 1, CreatedAt: now, UpdatedAt: now}
	return product, s.store.Insert(ctx, product)
}

// Update edits a published product. ErrVersionMismatch is for one that is no longer at version; 0 is any version.
func (s *Service) Update(ctx context.Context, id string, version int64, edit func(*Content)) (Product, error) {
	product, err := s.byID(ctx, id)
	if err != nil {
		return Product{}, err
	}
	if version != 0 && version != product.Version {
		return Product{}, ErrVersionMismatch
	}
	edit(&product.Content)
	return s.replace(ctx, product)
}

// Withdraw takes a product off sale, or returns ErrNotFound.
func (s *Service) Withdraw(ctx context.Context, id string) error {
	_, err := s.Update(ctx, id, 0, func(c *Content) { c.Withdrawn = true })
	return err
}

func (s *Service) byID(ctx context.Context, id string) (Product, error) {
	if _, err := uuid.Parse(id); err != nil {
		return Product{}, ErrNotFound
	}
	return s.store.Find(ctx, id)
}

func (s *Service) replace(ctx context.Context, product Product) (Product, error) {
	if err := product.check(); err != nil {
		return Product{}, err
	}
	product.Version++
	product.UpdatedAt = time.Now().UTC().Truncate(time.Microsecond)
	return product, s.store.Update(ctx, product)
}
