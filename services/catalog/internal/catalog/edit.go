package catalog

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"souk/platform/identifier"
)

const (
	// The number of slugs to try for a product without a slug of its own.
	slugAttempts = 100
	// How often an edit without a version is retried after a concurrent edit.
	editAttempts = 10
)

// Create adds a product. Its errors are ErrSlugTaken, *SKUTakenError and *field.Error. If the content has no slug, Create
// derives one from the title, with a number if it is taken. Slugs and SKUs of withdrawn products count as taken.
func (s *Service) Create(ctx context.Context, content Content) (Product, error) {
	content = content.tidy()
	if content.Slug != "" {
		return s.insert(ctx, content)
	}
	base := slugOf(content.Title)
	content.Slug = base
	for n := 2; ; n++ {
		product, err := s.insert(ctx, content)
		if !errors.Is(err, ErrSlugTaken) || n > slugAttempts {
			return product, err
		}
		content.Slug = numbered(base, n)
	}
}

// insert adds a product with tidy content.
func (s *Service) insert(ctx context.Context, content Content) (Product, error) {
	product, err := s.created(content)
	if err != nil {
		return Product{}, err
	}
	return product, s.store.Save(ctx, product)
}

// created returns a new product with tidy content.
func (s *Service) created(content Content) (Product, error) {
	if err := content.check(); err != nil {
		return Product{}, err
	}
	if content.Slug == reservedSlug {
		return Product{}, ErrSlugTaken
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Product{}, err
	}
	at := now()
	if err := content.checkSchedule(Content{}, at); err != nil {
		return Product{}, err
	}
	return Product{Content: content, ID: id.String(), Currency: s.currency, Version: 1, CreatedAt: at, UpdatedAt: at}, nil
}

// Update edits a product that is not withdrawn, or returns ErrNotFound. It returns ErrVersionMismatch if the product's version is not
// version. If version is 0, any version is edited, and edit may be called several times.
func (s *Service) Update(ctx context.Context, id string, version int64, edit func(*Content)) (Product, error) {
	return s.update(ctx, id, version, func(c *Content) error {
		edit(c)
		return nil
	})
}

func (s *Service) update(ctx context.Context, id string, version int64, edit func(*Content) error) (Product, error) {
	if !identifier.Valid(id) {
		return Product{}, ErrNotFound
	}
	for attempt := 1; ; attempt++ {
		product, err := s.tryUpdate(ctx, id, version, edit)
		if version != 0 || !errors.Is(err, ErrVersionMismatch) || attempt == editAttempts {
			return product, err
		}
	}
}

func (s *Service) tryUpdate(ctx context.Context, id string, version int64, edit func(*Content) error) (Product, error) {
	product, err := s.store.AnyByID(ctx, id)
	if err != nil {
		return Product{}, err
	}
	if product.Status == Withdrawn {
		return Product{}, ErrNotFound
	}
	if version != 0 && version != product.Version {
		return Product{}, ErrVersionMismatch
	}
	before := product.Content
	if err := edit(&product.Content); err != nil {
		return Product{}, err
	}
	product.Content = product.tidy()
	if err := product.checkSchedule(before, now()); err != nil {
		return Product{}, err
	}
	return s.replace(ctx, product)
}

// replace saves a product with tidy content, unless its version has changed since it was read.
func (s *Service) replace(ctx context.Context, product Product) (Product, error) {
	product, err := s.changed(product)
	if err != nil {
		return Product{}, err
	}
	return product, s.store.Save(ctx, product)
}

// changed returns the next version of a product with tidy content.
func (s *Service) changed(product Product) (Product, error) {
	if err := product.check(); err != nil {
		return Product{}, err
	}
	product.Version++
	product.UpdatedAt = now()
	return product, nil
}

// now returns the time in UTC with PostgreSQL's precision.
func now() time.Time {
	return time.Now().UTC().Truncate(time.Microsecond)
}
