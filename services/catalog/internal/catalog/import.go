package catalog

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

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
	// WithoutQuantity counts the variants with an empty quantity, whose stock stays as it is.
	WithoutQuantity int
	// Errors are about what was left out, Warnings about what was imported in another way than the file says.
	Errors, Warnings []Problem
	// Stock lists the stock of each SKU in the file.
	Stock []Stock
}

// Stock is a quantity of a SKU, in pieces.
type Stock struct {
	SKU      string
	Quantity int64
}

// Import creates and updates products from a CSV in Shopify's format. What the file has no column for stays as it is. Broken rows are
// reported and left out. Each product is written whole or not at all, so importing the same file again changes nothing. If the content is
// not such a CSV, the error is a *field.Error.
func (s *Service) Import(ctx context.Context, content File) (Imported, error) {
	f, err := openFile(content, s.currency)
	if err != nil {
		return Imported{}, err
	}
	defer f.close()
	run := newImportRun(s, f)
	for _, pass := range []func(context.Context) error{run.readAll, run.compareAll, run.writeAll} {
		if err := pass(ctx); err != nil {
			return Imported{}, err
		}
	}
	run.done.Errors, run.done.Warnings = f.errors.all(), f.warnings.all()
	slices.SortFunc(run.done.Stock, func(a, b Stock) int { return cmp.Compare(a.SKU, b.SKU) })
	return run.done, nil
}

// importRun writes the products of one file. It goes through the file in three passes, because what becomes of a product depends on the
// others: which SKUs they share, and which they give up.
type importRun struct {
	service *Service
	file    *file
	skus    map[string]skuUse
	// unnamedOf maps products that no file named so far to the handles that name them in this one.
	unnamedOf map[string]string
	// known maps the handles of the batch at hand to existing products.
	known map[string]Product

	mu   sync.Mutex
	done Imported
	// slugs are those of new products whose handle is not their slug.
	slugs map[string]bool
}

func newImportRun(s *Service, f *file) *importRun {
	return &importRun{service: s, file: f, skus: map[string]skuUse{}, unnamedOf: map[string]string{}, slugs: map[string]bool{}}
}

// readAll is the first pass: it reports what is wrong with rows, and notes which products share SKUs.
func (run *importRun) readAll(ctx context.Context) error {
	return run.file.each(ctx, run.file.report, func() error {
		for _, d := range run.file.drafts {
			run.file.byHandle[d.handle].broken = d.broken
		}
		run.file.dropBroken()
		run.noteSharing(run.file.drafts)
		return nil
	})
}

// compareAll is the second pass: it reports rows that are about nothing, and notes which SKUs are wanted, and which products may give some up.
func (run *importRun) compareAll(ctx context.Context) error {
	return run.file.each(ctx, &report{}, func() error {
		if err := run.compare(ctx, run.file); err != nil {
			return err
		}
		for _, m := range run.file.makings(run.sharedSKUs(run.file.drafts)) {
			use := run.skus[m.readable]
			use.wanted++
			run.note(m.readable, use)
		}
		for _, d := range run.file.drafts {
			_, exists := run.known[d.handle]
			run.file.byHandle[d.handle].gives = run.noteClaims(d) && exists
		}
		return nil
	})
}

// noteClaims notes the SKUs of a draft that are not made. It reports whether a variant may be valid.
func (run *importRun) noteClaims(d *draft) (some bool) {
	for _, v := range d.variants {
		_, err := v.check()
		if v.SKU != "" {
			use := run.skus[v.SKU]
			use.written, use.claimed = true, use.claimed || err == nil
			run.note(v.SKU, use)
		}
		some = some || v.SKU == "" || err == nil
	}
	return some
}

// compare compares the drafts of a batch with the stored products, and reports to f.
func (run *importRun) compare(ctx context.Context, f *file) (err error) {
	if run.known, err = run.find(ctx, run.file.drafts); err != nil {
		return err
	}
	shared := run.sharedSKUs(run.file.drafts)
	for _, d := range run.file.drafts {
		stored, exists := run.known[d.handle]
		d.match(f, stored, exists, shared)
		run.file.byHandle[d.handle].broken = d.broken
	}
	run.file.dropBroken()
	return nil
}

// prepare compares the drafts of a batch with the stored products, and gives each variant a SKU of its own.
func (run *importRun) prepare(ctx context.Context) error {
	if err := run.compare(ctx, run.file.reportingTo(&report{})); err != nil {
		return err
	}
	owners, err := run.nameVariants(ctx)
	if err != nil {
		return err
	}
	run.claimAll(owners)
	run.dropEmpty()
	run.assignSlugs()
	return nil
}

// nameVariants makes the SKUs that the file lacks, and checks all variants. It returns the products that have the SKUs now.
func (run *importRun) nameVariants(ctx context.Context) (owners map[string]Owner, err error) {
	f := run.file
	makings := f.makings(run.sharedSKUs(f.drafts))
	var skus []string
	for _, m := range makings {
		skus = append(skus, m.readable)
	}
	for _, d := range f.drafts {
		for _, v := range d.variants {
			if v.SKU != "" {
				skus = append(skus, v.SKU)
			}
		}
	}
	if owners, err = run.service.store.Owners(ctx, skus); err != nil {
		return nil, err
	}
	f.giveSKUs(makings, func(sku string, by *draft) bool {
		owner, owned := owners[sku]
		use := run.skus[sku]
		return use.written || use.wanted > 1 || owned && !run.owns(owner, by)
	})
	for _, d := range f.drafts {
		d.variants = slices.DeleteFunc(d.variants, func(v *draftVariant) bool { return !run.checked(d, v) })
	}
	return owners, nil
}

// owns reports whether a draft is about a product. That may have been created since the drafts were compared with the stored products.
func (run *importRun) owns(owner Owner, d *draft) bool {
	return owner.ID == run.known[d.handle].ID || owner.Handle == d.handle
}

// checked reports whether a variant is valid. It reports what is not.
func (run *importRun) checked(d *draft, v *draftVariant) bool {
	if c, err := v.check(); err != nil {
		d.failed = true
		run.file.fail(v.row.about(c, err.Error()))
		return false
	}
	if c, message := v.lostReduction(); c != "" {
		run.file.warn(v.row.about(c, message))
	}
	return true
}

// claimAll removes the variants whose SKU belongs to another product, unless the file also contains that product, which may give the
// SKU up.
func (run *importRun) claimAll(owners map[string]Owner) {
	for _, d := range run.file.drafts {
		d.variants = slices.DeleteFunc(d.variants, func(v *draftVariant) bool {
			owner, owned := owners[v.SKU]
			if !owned || run.owns(owner, d) {
				return false
			}
			if run.gives(owner) {
				d.takesOver = true
				return false
			}
			run.file.fail(v.row.about(columnSKU, (&SKUTakenError{SKU: v.SKU}).Error()))
			d.failed = true
			return true
		})
	}
}

// gives reports whether a stored product may give up a SKU, because the file has it too.
func (run *importRun) gives(owner Owner) bool {
	p := run.file.byHandle[cmp.Or(run.unnamedOf[owner.ID], owner.Handle)]
	return p != nil && p.gives
}

// dropEmpty removes new products without variants. It reports those for which no other error was reported.
func (run *importRun) dropEmpty() {
	f := run.file
	for _, d := range f.drafts {
		if _, exists := run.known[d.handle]; exists || len(d.variants) > 0 {
			continue
		}
		d.broken = true
		if !d.failed {
			f.fail(d.head.about("", "has no variant: no price, option or SKU on any row of the product"))
		}
	}
	f.dropBroken()
}

// writeAll is the third pass: it writes all products. Those that take over SKUs come last.
func (run *importRun) writeAll(ctx context.Context) (err error) {
	var later []*draft
	err = run.file.each(ctx, &report{}, func() error {
		if err := run.prepare(ctx); err != nil {
			return err
		}
		waiting, err := run.writeBatch(ctx)
		later = append(later, waiting...)
		return err
	})
	if err != nil || len(later) == 0 {
		return err
	}
	if run.known, err = run.find(ctx, later); err != nil {
		return err
	}
	return run.takeOver(ctx, later)
}

// reported adds an error of one draft to the report. It returns other errors, which end the import.
func (run *importRun) reported(d *draft, err error) error {
	var taken *SKUTakenError
	var invalid *field.Error
	if errors.As(err, &taken) || errors.As(err, &invalid) || changedMeanwhile(err) {
		run.file.fail(d.head.about("", "the product was not written: "+err.Error()))
		return nil
	}
	return err
}

// write writes one draft. It retries if the product is changed concurrently, and with another slug if its slug is taken.
func (run *importRun) write(ctx context.Context, d *draft) error {
	stored, exists := run.known[d.handle]
	for attempt, slugs := 1, 1; ; {
		created, updated, err := run.put(ctx, d, stored, exists)
		switch {
		case err == nil:
			run.count(d, created, updated)
			return nil
		case !changedMeanwhile(err) || attempt == importAttempts || slugs == slugAttempts:
			return err
		}
		fresh, findErr := run.find(ctx, []*draft{d})
		if findErr != nil {
			return findErr
		}
		if stored, exists = fresh[d.handle]; !exists && errors.Is(err, ErrSlugTaken) {
			run.nextSlug(d)
			slugs++
			continue
		}
		attempt++
	}
}

func changedMeanwhile(err error) bool {
	return errors.Is(err, ErrSlugTaken) || errors.Is(err, ErrHandleTaken) || errors.Is(err, ErrVersionMismatch)
}

// put creates or replaces a product. It does nothing if the product is already up to date.
func (run *importRun) put(ctx context.Context, d *draft, stored Product, exists bool) (created, updated bool, err error) {
	p, differs, err := run.productOf(d, stored, exists)
	if err != nil || !differs {
		return false, false, err
	}
	return !exists, exists, run.service.store.Save(ctx, p)
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
		switch {
		case v.stock != nil:
			run.done.Stock = append(run.done.Stock, Stock{SKU: strings.Clone(v.SKU), Quantity: *v.stock})
		case v.row.has(columnQuantity):
			run.done.WithoutQuantity++
		}
	}
}
