package catalog

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"souk/platform/identifier"
)

const (
	// How many slugs a product without one of its own tries.
	slugAttempts = 100
	// How often an edit of whatever version starts again after another one came first.
	editAttempts = 10
)

// Create adds a product: ErrSlugTaken, *SKUTakenError or a *field.Error. Without a slug it gets one made of its title,
// numbered if another product has it. A withdrawn product keeps its slug and its SKUs.
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

// insert adds a product whose content is tidy.
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

// Update edits a published product, or returns ErrNotFound. ErrVersionMismatch is for one that is no longer at version;
// 0 is any version, and then edit may be called more than once.
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

// replace writes a product whose content is tidy over the version that it was read at.
func (s *Service) replace(ctx context.Context, product Product) (Product, error) {
	if err := product.check(); err != nil {
		return Product{}, err
	}
	product.Version++
	product.UpdatedAt = now()
	return product, s.store.Update(ctx, product)
}

// Withdraw takes a product off sale, if it is not already. ErrNotFound is for a product that never was.
func (s *Service) Withdraw(ctx context.Context, id string) error {
	if !identifier.Valid(id) {
		return ErrNotFound
	}
	return s.store.Withdraw(ctx, id, now())
}

// now is the time in UTC, as exact as PostgreSQL keeps it.
func now() time.Time {
	return time.Now().UTC().Truncate(time.Microsecond)
}
