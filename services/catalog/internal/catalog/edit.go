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
	base := Slugify(content.Title)
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
	if err := content.check(); err != nil {
		return Product{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Product{}, err
	}
	at := now()
	product := Product{Content: content, ID: id.String(), Currency: s.currency, Version: 1, CreatedAt: at, UpdatedAt: at}
	return product, s.store.Insert(ctx, product)
}

// Update edits a published product, or returns ErrNotFound. It returns ErrVersionMismatch if the product's version is not
// version. If version is 0, any version is edited, and edit may be called several times.
func (s *Service) Update(ctx context.Context, id string, version int64, edit func(*Content)) (Product, error) {
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

func (s *Service) tryUpdate(ctx context.Context, id string, version int64, edit func(*Content)) (Product, error) {
	product, err := s.store.ByID(ctx, id)
	if err != nil {
		return Product{}, err
	}
	if version != 0 && version != product.Version {
		return Product{}, ErrVersionMismatch
	}
	edit(&product.Content)
	product.Content = product.tidy()
	return s.replace(ctx, product)
}

// replace saves a product with tidy content, unless its version has changed since it was read.
func (s *Service) replace(ctx context.Context, product Product) (Product, error) {
	if err := product.check(); err != nil {
		return Product{}, err
	}
	product.Version++
	product.UpdatedAt = now()
	return product, s.store.Update(ctx, product)
}

// Withdraw takes a product off sale. It does nothing if the product is already withdrawn, and returns ErrNotFound if it never
// existed.
func (s *Service) Withdraw(ctx context.Context, id string) error {
	if !identifier.Valid(id) {
		return ErrNotFound
	}
	return s.store.Withdraw(ctx, id, now())
}

// now returns the time in UTC with PostgreSQL's precision.
func now() time.Time {
	return time.Now().UTC().Truncate(time.Microsecond)
}
