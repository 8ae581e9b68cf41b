package catalog

import (
	"fmt"
	"slices"
	"strings"
)

// match compares a draft with the stored product, if there is one, and decides which variant of it each row is about. Rows about
// none of them are new variants: SKU is set if the file has one for this row alone.
func (d *draft) match(f *file, stored Product, exists bool, shared map[string]sharing) {
	if !exists && d.Title == "" {
		f.leaveOut(d, d.head, d.head.about(columnTitle, "is missing, and the product is new"))
		return
	}
	d.nameOptions(f, stored)
	d.whole = f.columns.known.has(columnPrice) && (f.columns.known.has(optionValues[:]...) || !slices.ContainsFunc(stored.Variants, hasOptions))
	taken := map[string]bool{}
	// Rows that name a stored SKU come first, so that no other row takes it.
	for _, v := range d.variants {
		if shared[v.written] == sharedByNone {
			v.settle(v.written, stored, taken)
		}
	}
	d.variants = slices.DeleteFunc(d.variants, func(v *draftVariant) bool {
		if v.base == nil {
			return !d.matchOptions(f, v, stored, taken)
		}
		return false
	})
	for _, v := range d.variants {
		if v.base == nil && v.SKU == "" && v.written != "" && shared[v.written] == sharedByNone {
			v.SKU = v.written
		}
	}
}

func hasOptions(v Variant) bool { return len(v.Options) > 0 }

// settle makes v the stored variant with a SKU, if there is one that no other row has taken.
func (v *draftVariant) settle(sku string, stored Product, taken map[string]bool) {
	i := slices.IndexFunc(stored.Variants, func(s Variant) bool { return s.SKU == sku })
	if i < 0 || taken[sku] {
		return
	}
	taken[sku] = true
	v.SKU, v.base = sku, &stored.Variants[i]
	if !v.row.any(optionValues[:]...) {
		v.options = nil
	}
}

// matchOptions finds the stored variant with the options of v. Without any options in the file it is the only one. It returns false if v
// may be several ones.
func (d *draft) matchOptions(f *file, v *draftVariant, stored Product, taken map[string]bool) bool {
	if v.written == "" && len(stored.Variants) > 0 && !f.columns.known.has(optionValues[:]...) {
		if len(stored.Variants) > 1 {
			d.failed = true
			f.fail(v.row.about("", "does not say which variant it is about: it needs a SKU or options"))
			return false
		}
		v.settle(stored.Variants[0].SKU, stored, taken)
		return true
	}
	for _, s := range stored.Variants {
		named := v.written == "" || s.SKU == v.written || strings.HasPrefix(s.SKU, v.written+madeSeparator)
		if named && sameOptions(s.Options, v.options) {
			v.settle(s.SKU, stored, taken)
			if v.base != nil {
				return true
			}
		}
	}
	return true
}

func sameOptions(a, b []Option) bool {
	return slices.EqualFunc(a, b, func(a, b Option) bool { return a.Value == b.Value })
}

// nameOptions sets the options of all variants. Names that the file does not have are those of the stored product.
func (d *draft) nameOptions(f *file, stored Product) {
	var known []Option
	for _, v := range stored.Variants {
		if len(v.Options) > len(known) {
			known = v.Options
		}
	}
	for i := range d.options {
		used := slices.ContainsFunc(d.variants, func(v *draftVariant) bool { return v.values[i] != "" })
		switch {
		case d.options[i] != "" || !used:
		case i < len(known):
			d.options[i] = known[i].Name
		default:
			d.options[i] = fmt.Sprintf("Option %d", i+1)
			f.warn(d.head.about(optionNames[i], "is missing; the option is called "+d.options[i]))
		}
	}
	for _, v := range d.variants {
		if !f.columns.known.has(optionValues[:]...) {
			continue
		}
		v.options = []Option{}
		for i, value := range v.values {
			if value != "" {
				v.options = append(v.options, Option{Name: d.options[i], Value: value})
			}
		}
	}
}
