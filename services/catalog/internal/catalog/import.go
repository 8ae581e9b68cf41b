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

	"souk/platform/field"
)

const (
	// The number of products written concurrently. It leaves connections for shoppers' requests.
	importWriters = 4
	// How often writing a product is tried if it is changed concurrently.
	importAttempts = 3
)

// Imported is the result of an import.
type Imported struct {
	// Products and Variants count the content of the file without broken rows.
	Products, Variants int
	// Created and Updated count products.
	Created, Updated int
	Errors           []RowError
	// Stock lists the stock of each SKU in the file.
	Stock []Stock
}

// Stock is a quantity of a SKU, in pieces.
type Stock struct {
	SKU      string
	Quantity int64
}

// Import creates and updates products from a CSV in Shopify's format. A product then has exactly the variants in the file, and
// a withdrawn product is published again. Broken rows are reported and left out. Each product is written in a transaction of
// its own, so importing the same file again changes nothing. If the content is not such a CSV, the error is a *field.Error.
func (s *Service) Import(ctx context.Context, content []byte) (Imported, error) {
	f, err := parseCSV(content, s.currency)
	if err != nil {
		return Imported{}, err
	}
	run := &importRun{service: s, file: f}
	if err := run.prepare(ctx); err != nil {
		return Imported{}, err
	}
	if err := run.writeAll(ctx); err != nil {
		return Imported{}, err
	}
	run.done.Errors = f.rowErrors()
	slices.SortFunc(run.done.Stock, func(a, b Stock) int { return cmp.Compare(a.SKU, b.SKU) })
	return run.done, nil
}

// importRun writes the drafts of one file.
type importRun struct {
	service *Service
	file    *file
	// known maps the file's slugs to existing products.
	known map[string]Product

	mu   sync.Mutex
	done Imported
}

// prepare loads the existing products of the file, and checks which product owns each SKU.
func (run *importRun) prepare(ctx context.Context) error {
	slugs := make([]string, len(run.file.drafts))
	for i, d := range run.file.drafts {
		slugs[i] = d.Slug
	}
	skus := make([]string, 0, len(run.file.lines))
	for sku := range run.file.lines {
		skus = append(skus, sku)
	}
	var err error
	if run.known, err = run.service.store.BySlugs(ctx, slugs); err != nil {
		return err
	}
	owners, err := run.service.store.Owners(ctx, skus)
	if err != nil {
		return err
	}
	for _, d := range run.file.drafts {
		run.claim(d, owners)
	}
	run.file.dropEmpty()
	return nil
}

// claim removes the variants of d whose SKU belongs to another product, unless the file also contains that product, which may
// give the SKU up.
func (run *importRun) claim(d *draft, owners map[string]string) {
	d.variants = slices.DeleteFunc(d.variants, func(v draftVariant) bool {
		owner, owned := owners[v.SKU]
		if !owned || owner == d.Slug {
			return false
		}
		if giver := run.file.byHandle[owner]; giver != nil && !giver.broken && len(giver.variants) > 0 {
			d.takesOver = true
			return false
		}
		run.file.fail(v.line, (&SKUTakenError{SKU: v.SKU}).Error())
		d.failed = true
		return true
	})
}

// writeAll writes all drafts. Drafts that take over SKUs come last.
func (run *importRun) writeAll(ctx context.Context) error {
	var later []*draft
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(importWriters)
	for _, d := range run.file.drafts {
		if d.takesOver {
			later = append(later, d)
			continue
		}
		group.Go(func() error { return run.reported(d, run.write(groupCtx, d)) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return run.takeOver(ctx, later)
}

// takeOver writes drafts that wait for each other's SKUs. It repeats until no more draft succeeds.
func (run *importRun) takeOver(ctx context.Context, drafts []*draft) error {
	for len(drafts) > 0 {
		var waiting []*draft
		for _, d := range drafts {
			err := run.write(ctx, d)
			if taken := new(SKUTakenError); errors.As(err, &taken) {
				waiting = append(waiting, d)
			} else if err := run.reported(d, err); err != nil {
				return err
			}
		}
		if len(waiting) == len(drafts) {
			for _, d := range waiting {
				run.file.fail(d.line, fmt.Sprintf("%s was not written: a SKU of it belongs to another product", d.Slug))
			}
			return nil
		}
		drafts = waiting
	}
	return nil
}

// reported adds an error of one draft to the report. It returns other errors, which end the import.
func (run *importRun) reported(d *draft, err error) error {
	var taken *SKUTakenError
	var invalid *field.Error
	if errors.As(err, &taken) || errors.As(err, &invalid) || changedMeanwhile(err) {
		run.file.fail(d.line, fmt.Sprintf("%s was not written: %v", d.Slug, err))
		return nil
	}
	return err
}

// write writes one draft. It retries if the product is changed concurrently.
func (run *importRun) write(ctx context.Context, d *draft) error {
	content := d.content()
	existing, exists := run.known[d.Slug]
	for attempt := 1; ; attempt++ {
		created, updated, err := run.put(ctx, run.keepUnnamed(d, content, existing), existing, exists)
		if err == nil {
			run.count(d, created, updated)
			return nil
		}
		if !changedMeanwhile(err) || attempt == importAttempts {
			return err
		}
		fresh, err := run.service.store.BySlugs(ctx, []string{d.Slug})
		if err != nil {
			return err
		}
		existing, exists = fresh[d.Slug]
	}
}

// keepUnnamed adds variants that the draft does not name if one of its rows was broken. That row may be about such a variant,
// and a typo in a price must not take a variant off sale.
func (run *importRun) keepUnnamed(d *draft, content Content, existing Product) Content {
	if !d.failed {
		return content
	}
	content.Variants = slices.Clone(content.Variants)
	for _, v := range existing.Variants {
		if _, named := run.file.lines[v.SKU]; !named {
			content.Variants = append(content.Variants, v)
		}
	}
	return content
}

func changedMeanwhile(err error) bool {
	return errors.Is(err, ErrSlugTaken) || errors.Is(err, ErrVersionMismatch)
}

// put creates or replaces a product. It does nothing if the product is already up to date.
func (run *importRun) put(ctx context.Context, content Content, existing Product, exists bool) (created, updated bool, err error) {
	content = content.tidy()
	switch {
	case !exists:
		_, err = run.service.insert(ctx, content)
		return true, false, err
	case reflect.DeepEqual(normal(existing.Content), normal(content)):
		return false, false, nil
	default:
		existing.Content = content
		_, err = run.service.replace(ctx, existing)
		return false, true, err
	}
}

func (run *importRun) count(d *draft, created, updated bool) {
	run.mu.Lock()
	defer run.mu.Unlock()
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

// normal returns c with nil lists replaced by empty ones, for comparison.
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
