package catalog

import (
	"context"
	"errors"
	"slices"
)

// takeOver writes drafts that wait for each other's SKUs. It repeats until no more draft succeeds alone, and then writes those that are
// left together.
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
			return run.exchange(ctx, waiting)
		}
		drafts = waiting
	}
	return nil
}

// exchange writes drafts that exchange SKUs in one transaction. A draft with a SKU that stays with another product is left out.
func (run *importRun) exchange(ctx context.Context, drafts []*draft) error {
	for attempt := 1; len(drafts) > 0; {
		err := run.writeTogether(ctx, drafts)
		var taken *SKUTakenError
		switch {
		case err == nil:
			return nil
		case errors.As(err, &taken) && slices.ContainsFunc(drafts, func(d *draft) bool { return d.has(taken.SKU) }):
			refused := drafts[slices.IndexFunc(drafts, func(d *draft) bool { return d.has(taken.SKU) })]
			if err := run.reported(refused, err); err != nil {
				return err
			}
			drafts = slices.DeleteFunc(drafts, func(d *draft) bool { return d == refused })
		case changedMeanwhile(err) && attempt < importAttempts:
			attempt++
		default:
			for _, d := range drafts {
				if err := run.reported(d, err); err != nil {
					return err
				}
			}
			return nil
		}
	}
	return nil
}

func (run *importRun) writeTogether(ctx context.Context, drafts []*draft) error {
	stored, err := run.find(ctx, drafts)
	if err != nil {
		return err
	}
	products := make([]Product, len(drafts))
	for i, d := range drafts {
		old, exists := stored[d.handle]
		content := run.merge(d, old, exists)
		if exists {
			old.Content = content
			products[i], err = run.service.changed(old)
		} else {
			products[i], err = run.service.created(content)
		}
		if err != nil {
			return err
		}
	}
	if err := run.service.store.Save(ctx, products...); err != nil {
		return err
	}
	for i, d := range drafts {
		run.count(d, products[i].Version == 1, products[i].Version > 1)
	}
	return nil
}

// has reports whether a row makes a variant with a SKU.
func (d *draft) has(sku string) bool {
	return slices.ContainsFunc(d.variants, func(v *draftVariant) bool { return v.SKU == sku })
}
