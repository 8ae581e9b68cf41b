package catalog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
)

// How many products are written at once.
const importWriters = 8

// Imported says what became of a file.
type Imported struct {
	// Products and Variants count what the file describes, without the broken rows.
	Products, Variants int
	// Created and Updated count products.
	Created, Updated int
	Errors           []RowError
	// Stock is what the file says there is of each SKU.
	Stock []Stock
}

// Stock is a quantity of a SKU, in pieces.
type Stock struct {
	SKU      string
	Quantity int64
}

// Import creates and updates products from a CSV in Shopify's format. Broken rows are reported and the rest go in, each
// product in a transaction of its own; the same file again changes nothing.
func (s *Service) Import(ctx context.Context, content []byte) (Imported, error) {
	f, err := parseCSV(content, s.currency)
	if err != nil {
		return Imported{}, err
	}
	if err := s.dropForeign(ctx, f); err != nil {
		return Imported{}, err
	}
	run := &importRun{service: s, file: f}
	if err := run.writeAll(ctx); err != nil {
		return Imported{}, err
	}
	run.done.Errors = f.errors
	slices.SortStableFunc(run.done.Errors, func(a, b RowError) int { return cmp.Compare(a.Line, b.Line) })
	slices.SortFunc(run.done.Stock, func(a, b Stock) int { return cmp.Compare(a.SKU, b.SKU) })
	return run.done, nil
}

// dropForeign leaves out variants whose SKU belongs to a product that the row is not of.
func (s *Service) dropForeign(ctx context.Context, f *file) error {
	skus := make([]string, 0, len(f.skus))
	for sku := range f.skus {
		skus = append(skus, sku)
	}
	owners, err := s.store.Owners(ctx, skus)
	if err != nil {
		return err
	}
	for _, d := range f.drafts {
		d.variants = slices.DeleteFunc(d.variants, func(v draftVariant) bool {
			owner, owned := owners[v.SKU]
			if !owned || owner == d.Slug {
				return false
			}
			f.fail(v.line, (&SKUTakenError{SKU: v.SKU}).Error())
			return true
		})
	}
	return nil
}

// importRun writes the drafts of one file.
type importRun struct {
	service *Service
	file    *file
	mu      sync.Mutex
	done    Imported
}

func (run *importRun) writeAll(ctx context.Context) error {
	slugs := make([]string, 0, len(run.file.drafts))
	for _, d := range run.file.drafts {
		slugs = append(slugs, d.Slug)
	}
	known, err := run.service.store.BySlugs(ctx, slugs)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(importWriters)
	for _, d := range run.file.drafts {
		if d.broken || len(d.variants) == 0 {
			continue
		}
		group.Go(func() error {
			existing, ok := known[d.Slug]
			return run.write(ctx, d, existing, ok)
		})
	}
	return group.Wait()
}

func (run *importRun) write(ctx context.Context, d *draft, existing Product, exists bool) error {
	content := d.content()
	created, updated := false, false
	var err error
	switch {
	case !exists:
		_, err = run.service.insert(ctx, content)
		created = true
	case !reflect.DeepEqual(normal(existing.Content), normal(content)):
		existing.Content = content
		_, err = run.service.replace(ctx, existing)
		updated = true
	}
	run.mu.Lock()
	defer run.mu.Unlock()
	var taken *SKUTakenError
	if errors.As(err, &taken) || errors.Is(err, ErrSlugTaken) || errors.Is(err, ErrVersionMismatch) {
		// Someone else was at it meanwhile.
		run.file.fail(d.line, fmt.Sprintf("%s was not written: %v", d.Slug, err))
		return nil
	}
	if err != nil {
		return err
	}
	run.count(d, created, updated)
	return nil
}

func (run *importRun) count(d *draft, created, updated bool) {
	run.done.Products++
	run.done.Variants += len(d.variants)
	if created {
		run.done.Created++
	}
	if updated {
		run.done.Updated++
	}
	for _, v := range d.variants {
		if v.stock != nil {
			run.done.Stock = append(run.done.Stock, Stock{SKU: v.SKU, Quantity: *v.stock})
		}
	}
}

// content is the draft with its variants and images in their order.
func (d *draft) content() Content {
	c := d.Content
	slices.SortStableFunc(d.images, func(a, b draftImage) int { return cmp.Compare(a.position, b.position) })
	for _, i := range d.images {
		c.Images = append(c.Images, i.Image)
	}
	for _, v := range d.variants {
		c.Variants = append(c.Variants, v.Variant)
	}
	return c
}

// normal makes contents comparable: no list is the empty list.
func normal(c Content) Content {
	if len(c.Tags) == 0 {
		c.Tags = nil
	}
	if len(c.Images) == 0 {
		c.Images = nil
	}
	c.Variants = slices.Clone(c.Variants)
	for i, v := range c.Variants {
		if len(v.Options) == 0 {
			c.Variants[i].Options = nil
		}
	}
	return c
}
