package catalog

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"
)

// A transaction of an import ends with the first product beyond so many rows. A short one holds no other writer up for long.
const groupRows = 100

// writeBatch writes the drafts of a batch but those that take over SKUs, which it returns.
func (run *importRun) writeBatch(ctx context.Context) (later []*draft, err error) {
	writers, ctx := errgroup.WithContext(ctx)
	writers.SetLimit(importWriters)
	var group []*draft
	rows := 0
	flush := func() {
		drafts := group
		group, rows = nil, 0
		writers.Go(func() error { return run.writeGroup(ctx, drafts) })
	}
	for _, d := range run.file.drafts {
		if d.takesOver {
			later = append(later, d)
			continue
		}
		if group, rows = append(group, d), rows+len(d.rows); rows >= groupRows {
			flush()
		}
	}
	flush()
	return later, writers.Wait()
}

// writeGroup writes drafts in one transaction. If that fails, it writes each in one of its own, so that a product which cannot be written
// costs no other.
func (run *importRun) writeGroup(ctx context.Context, drafts []*draft) error {
	changes := make([]Product, 0, len(drafts))
	changed := make([]bool, len(drafts))
	for i, d := range drafts {
		stored, exists := run.known[d.handle]
		p, differs, err := run.productOf(d, stored, exists)
		if err != nil {
			return run.writeEach(ctx, drafts)
		}
		if changed[i] = differs; differs {
			changes = append(changes, p)
		}
	}
	if len(changes) > 0 && run.service.store.Save(ctx, changes...) != nil {
		return run.writeEach(ctx, drafts)
	}
	for i, d := range drafts {
		_, exists := run.known[d.handle]
		run.count(d, !exists, exists && changed[i])
	}
	return nil
}

func (run *importRun) writeEach(ctx context.Context, drafts []*draft) (err error) {
	for _, d := range drafts {
		err = errors.Join(err, run.reported(d, run.write(ctx, d)))
	}
	return err
}

// productOf returns the next version of a draft's product, and whether it differs from the stored one.
func (run *importRun) productOf(d *draft, stored Product, exists bool) (p Product, differs bool, err error) {
	content := run.merge(d, stored, exists)
	switch {
	case !exists:
		p, err = run.service.created(content)
		return p, true, err
	case same(stored.Content, content):
		return stored, false, nil
	default:
		stored.Content = content
		p, err = run.service.changed(stored)
		return p, true, err
	}
}
