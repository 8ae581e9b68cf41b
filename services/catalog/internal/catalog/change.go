package catalog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"souk/platform/field"
)

// VariantChange changes one variant of a product, adds it, or removes it.
type VariantChange struct {
	SKU string
	// Removed takes the variant from the product.
	Removed bool
	// Priced means that Apply sets the price, which a new variant needs.
	Priced bool
	// Apply changes the variant. It is not called for one that is removed.
	Apply func(*Variant)
}

// UpdateVariants edits a product like Update, and then changes variants of it. New variants come last. Errors about a variant name the
// index of its change.
func (s *Service) UpdateVariants(ctx context.Context, id string, version int64, edit func(*Content), changes []VariantChange) (Product, error) {
	if len(changes) == 0 || len(changes) > maxVariants {
		return Product{}, field.Invalid("variants", fmt.Sprintf("must have 1 to %d items", maxVariants))
	}
	var changed *changedVariants
	product, err := s.update(ctx, id, version, func(c *Content) (err error) {
		edit(c)
		if changed, err = changeVariants(c.Variants, changes); err == nil {
			c.Variants = changed.variants
		}
		return err
	})
	return product, changed.blame(err)
}

// changedVariants are the variants of a product after changes.
type changedVariants struct {
	variants []Variant
	// by is the index of the change of each variant, or -1.
	by []int
}

// changeVariants applies changes to variants. Its error is a *field.Error.
func changeVariants(variants []Variant, changes []VariantChange) (*changedVariants, error) {
	var check field.Checker
	all := &changedVariants{variants: slices.Clone(variants), by: slices.Repeat([]int{-1}, len(variants))}
	places := make(map[string]int, len(variants))
	for i, v := range variants {
		places[v.SKU] = i
	}
	removed := map[int]bool{}
	for i, c := range changes {
		path, sku := fmt.Sprintf("variants[%d]", i), norm.NFC.String(c.SKU)
		at, known := places[sku]
		switch {
		case known && all.by[at] >= 0:
			check.Check(false, path+".sku", fmt.Sprintf("is that of variants[%d]", all.by[at]))
			continue
		case c.Removed && !known:
			check.Check(false, path+".sku", "is no variant of the product")
			continue
		case !known:
			check.Check(c.Priced, path+".price", "is required for a new variant")
			at, places[sku] = len(all.variants), len(all.variants)
			all.variants, all.by = append(all.variants, Variant{SKU: sku}), append(all.by, -1)
		}
		if all.by[at] = i; c.Removed {
			removed[at] = true
		} else {
			c.Apply(&all.variants[at])
		}
	}
	if err := check.Err(); err != nil {
		return nil, err
	}
	return all.without(removed), nil
}

func (c *changedVariants) without(removed map[int]bool) *changedVariants {
	kept := &changedVariants{}
	for i, v := range c.variants {
		if !removed[i] {
			kept.variants, kept.by = append(kept.variants, v), append(kept.by, c.by[i])
		}
	}
	return kept
}

// blame returns an error that names the indexes of variants as one that names those of their changes.
func (c *changedVariants) blame(err error) error {
	if c == nil {
		return err
	}
	var taken *SKUTakenError
	if errors.As(err, &taken) && c.by[taken.Variant] >= 0 {
		return &SKUTakenError{SKU: taken.SKU, Variant: c.by[taken.Variant]}
	}
	var invalid *field.Error
	if !errors.As(err, &invalid) {
		return err
	}
	blamed := &field.Error{Violations: slices.Clone(invalid.Violations)}
	for i, v := range blamed.Violations {
		blamed.Violations[i].Field = c.path(v.Field)
	}
	return blamed
}

// path returns the path of a field of a variant in the changes, or "variants" if no change is to blame.
func (c *changedVariants) path(path string) string {
	rest, ok := strings.CutPrefix(path, "variants[")
	index, name, _ := strings.Cut(rest, "]")
	at, err := strconv.Atoi(index)
	switch {
	case !ok || err != nil:
		return path
	case c.by[at] < 0:
		return "variants"
	}
	return fmt.Sprintf("variants[%d]%s", c.by[at], name)
}
