package catalog

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// tidyLine returns a line of text in the form used for comparison: without surrounding blanks, with single blanks inside, and
// in Unicode's composed form (NFC). So "Acme " and "Acme" are one brand, and "Café" is the same with a composed and with a
// combining accent. Control characters are kept, because check refuses them.
func tidyLine(text string) string {
	words := strings.FieldsFunc(text, func(r rune) bool { return unicode.Is(unicode.Zs, r) })
	return norm.NFC.String(strings.Join(words, " "))
}

// tidy returns the content with tidy lines of text and the slug in NFC. It does not change the descriptions of products and images.
func (c Content) tidy() Content {
	c.Title, c.Brand, c.Category = tidyLine(c.Title), tidyLine(c.Brand), tidyCategory(c.Category)
	c.SEO = SEO{Title: tidyLine(c.SEO.Title), Description: tidyLine(c.SEO.Description)}
	c.Slug, c.Tags = norm.NFC.String(c.Slug), tidyTags(c.Tags)
	c.Status = cmp.Or(c.Status, Active)
	c.Variants = slices.Clone(c.Variants)
	for i := range c.Variants {
		v := &c.Variants[i]
		v.SKU, v.Title, v.Options = norm.NFC.String(v.SKU), tidyLine(v.Title), slices.Clone(v.Options)
		v.Barcode = tidyLine(v.Barcode)
		for j, o := range v.Options {
			v.Options[j] = Option{Name: tidyLine(o.Name), Value: tidyLine(o.Value)}
		}
	}
	return c
}

// tidyTags returns tidy tags without duplicates. It keeps blank tags and too long lists, because check refuses them.
func tidyTags(tags []string) []string {
	if len(tags) > maxTags {
		return tags
	}
	var kept []string
	for _, tag := range tags {
		if tag = tidyLine(tag); tag == "" || !slices.Contains(kept, tag) {
			kept = append(kept, tag)
		}
	}
	return kept
}
