package catalog

import (
	"reflect"
	"slices"
)

// merge returns the content of a product after the import: the stored one with what the file says, or a new one.
func (run *importRun) merge(d *draft, stored Product, exists bool) Content {
	content := stored.Content
	if !exists {
		content = Content{Slug: d.slugs.slug()}
	}
	if !exists || stored.Slug != d.handle {
		content.Handle = d.handle
	}
	if content.Status = d.sale.after(content.Status); content.Status != Scheduled {
		content.PublishAt = nil
	}
	d.apply(&content)
	content.Variants = run.variantsAfter(d, stored.Variants)
	return content.tidy()
}

// variantsAfter returns the variants of a product after the import. Those that the file does not name are kept if it does not describe
// all of them, or if a row was left out: that row may be about such a variant, and a typo must not take it off sale.
func (run *importRun) variantsAfter(d *draft, stored []Variant) (variants []Variant) {
	keep := d.failed || !d.whole || len(d.variants) == 0
	named := map[string]*draftVariant{}
	for _, v := range d.variants {
		named[v.SKU] = v
	}
	if keep {
		for _, s := range stored {
			if v, ok := named[s.SKU]; ok {
				variants = append(variants, v.variant(s))
			} else if len(d.variants) == 0 || !run.skus[s.SKU].claimed {
				variants = append(variants, s)
			}
		}
	}
	for _, v := range d.variants {
		i := slices.IndexFunc(stored, func(s Variant) bool { return s.SKU == v.SKU })
		switch {
		case i < 0:
			variants = append(variants, v.variant(Variant{}))
		case !keep:
			variants = append(variants, v.variant(stored[i]))
		}
	}
	return variants
}

// same reports whether two contents are equal, apart from the difference between no list and an empty one.
func same(a, b Content) bool {
	return reflect.DeepEqual(normal(a), normal(b))
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
