package catalog

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"souk/platform/identifier"
)

// A handle names a product in files, and is compared as it is written. The slug, which is in addresses, is derived from it once.

// find returns the stored products of drafts by handle. A product that no file named so far is found by its slug.
func (run *importRun) find(ctx context.Context, drafts []*draft) (map[string]Product, error) {
	handles := make([]string, len(drafts))
	slugs := make([]string, 0, len(drafts))
	for i, d := range drafts {
		handles[i] = d.handle
		slugs = append(slugs, d.handle, foldedSlug(d.handle))
	}
	stored, err := run.service.store.ByHandles(ctx, handles, slugs)
	if err != nil {
		return nil, err
	}
	found, bySlug := make(map[string]Product, len(stored)), make(map[string]Product, len(stored))
	for _, p := range stored {
		if p.Handle != "" {
			found[p.Handle] = p
		} else {
			bySlug[p.Slug] = p
		}
	}
	named := func(p Product, d *draft) bool { return run.unnamedOf[p.ID] != "" && run.unnamedOf[p.ID] != d.handle }
	for _, d := range drafts {
		if _, known := found[d.handle]; known {
			continue
		}
		if p, ok := run.unnamed(d, bySlug); ok && !named(p, d) {
			run.unnamedOf[p.ID] = d.handle
			found[d.handle] = p
			delete(bySlug, p.Slug)
		}
	}
	return found, nil
}

// unnamed returns the stored product without a handle that a draft is about: the one with the handle as its slug. Until handles were
// stored, their letters were folded; such a product is found if it has a SKU of the draft.
func (run *importRun) unnamed(d *draft, bySlug map[string]Product) (Product, bool) {
	if p, ok := bySlug[d.handle]; ok {
		return p, true
	}
	folded := foldedSlug(d.handle)
	p, ok := bySlug[folded]
	if _, another := run.file.byHandle[folded]; !ok || another {
		return Product{}, false
	}
	return p, slices.ContainsFunc(p.Variants, func(stored Variant) bool {
		return slices.ContainsFunc(d.variants, func(v *draftVariant) bool { return v.written == stored.SKU })
	})
}

var notFolded = regexp.MustCompile(`[^a-z0-9]+`)

// foldedSlug returns the slug that a product with a handle got before handles were stored.
func foldedSlug(handle string) string {
	plain, _, err := transform.String(transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC), handle)
	if err != nil {
		plain = handle
	}
	return cutSlug(strings.Trim(notFolded.ReplaceAllString(strings.ToLower(plain), "-"), "-"), maxSlug)
}

// slugs are the slugs to try for a new product: base, and base with numbers.
type slugs struct {
	base   string
	number int
}

func (s slugs) slug() string {
	if s.number == 1 {
		return s.base
	}
	return numbered(s.base, s.number)
}

// assignSlugs chooses the slugs of new products. A handle that is a slug itself is used as it is, and others make way.
func (run *importRun) assignSlugs() {
	var others []*draft
	for _, d := range run.file.drafts {
		if validSlug(d.handle) && !identifier.Valid(d.handle) {
			d.slugs = slugs{base: d.handle, number: 1}
			continue
		}
		others = append(others, d)
	}
	for _, d := range others {
		if _, exists := run.known[d.handle]; exists {
			continue
		}
		d.slugs.base = cmp.Or(Slugify(d.handle), Slugify(d.Title), "product")
		if identifier.Valid(d.slugs.base) {
			d.slugs.base = "product-" + d.slugs.base
		}
		run.nextSlug(d)
	}
}

// nextSlug chooses another slug for a new product.
func (run *importRun) nextSlug(d *draft) {
	run.mu.Lock()
	defer run.mu.Unlock()
	for {
		d.slugs.number++
		if slug := d.slugs.slug(); !run.slugs[slug] && !run.isHandle(slug) {
			run.slugs[slug] = true
			return
		}
	}
}

// isHandle reports whether a slug is the handle of a product of the file, which gets it.
func (run *importRun) isHandle(slug string) bool {
	p, listed := run.file.byHandle[slug]
	return listed && !p.broken && !identifier.Valid(slug)
}
