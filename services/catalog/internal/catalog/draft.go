package catalog

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"souk/platform/field"
)

// draft is a product as described by a file. Its Content is valid only where head has the column.
type draft struct {
	Content
	handle string
	rows   []row
	// head is the row with the title, or else the first.
	head     row
	variants []*draftVariant
	images   []draftImage
	// options are the names of the product's options; "" means none.
	options [maxOptions]string
	sale    sale
	// broken means that the product is not imported.
	broken bool
	// failed means that a row of the product was left out. The import then removes no variants from the product.
	failed bool
	// takesOver means that another product in the file must give up a SKU first.
	takesOver bool
	// slugs are the slugs to try for a new product.
	slugs slugs
	// whole means that the rows describe all variants, so that others are removed.
	whole bool
}

type draftImage struct {
	Image
	position int
}

// read reads all rows of a draft.
func (d *draft) read(f *file) {
	d.head = d.rows[0]
	if i := slices.IndexFunc(d.rows, func(r row) bool { return r.get(columnTitle) != "" }); i > 0 {
		d.head = d.rows[i]
	}
	d.failed = f.lostAny || f.lost[d.handle]
	if !d.readHead(f) {
		return
	}
	for _, r := range d.rows {
		d.readImage(f, r)
		if r.isVariant() {
			d.readVariant(f, r)
		}
	}
	d.describeVariantImages()
}

// readHead reads the fields that one row of a product has. It reports whether they are valid.
func (d *draft) readHead(f *file) bool {
	r := d.head
	d.Content = Content{
		Title: r.get(columnTitle), Brand: r.get(columnVendor), Category: categoryOf(r), Tags: tagsOf(r.get(columnTags)),
		Description: plainText(r.get(columnBody)), SEO: seoOf(r),
	}
	for i := range d.options {
		d.options[i] = tidyLine(r.get(optionNames[i]))
	}
	d.sale = saleOf(f, r)
	// The title of an existing product may be missing. Handles and variants are checked apart.
	placeholder := d.Content
	placeholder.Slug, placeholder.Variants, placeholder.Title, placeholder.Status = "x", []Variant{{SKU: "X"}}, cmp.Or(d.Title, "X"), Active
	var invalid *field.Error
	if !errors.As(placeholder.check(), &invalid) {
		return true
	}
	f.leaveOut(d, r, r.about(headColumn(r, invalid.Violations[0].Field), invalid.Violations[0].Message))
	return false
}

// headColumn returns the column of a product's field.
func headColumn(r row, path string) column {
	name, _, _ := strings.Cut(path, "[")
	if name == "category" && r.get(columnType) == "" {
		return columnTaxonomy
	}
	return map[string]column{
		"title": columnTitle, "description": columnBody, "brand": columnVendor, "category": columnType, "tags": columnTags,
		"seo.title": columnSEOTitle, "seo.description": columnSEODescription,
	}[name]
}

// categoryOf returns the category: the column Type, or else Shopify's taxonomy, for example Home & Garden > Lighting > Lamps.
func categoryOf(r row) string {
	return cmp.Or(r.get(columnType), r.get(columnTaxonomy))
}

func tagsOf(list string) (tags []string) {
	for tag := range strings.SplitSeq(list, ",") {
		if tag = strings.TrimSpace(tag); tag != "" && !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	return tags
}

// readImage adds the image in a row, unless the product has it already. An image that cannot be added costs nothing else.
func (d *draft) readImage(f *file, r row) {
	source := addressOf(r.get(columnImage))
	if source == "" || slices.ContainsFunc(d.images, func(i draftImage) bool { return i.URL == source }) {
		return
	}
	image := draftImage{Image: Image{URL: source, Alt: r.get(columnAlt)}, position: len(d.images) + 1}
	var check field.Checker
	image.check(&check, "image")
	var invalid *field.Error
	switch {
	case errors.As(check.Err(), &invalid) && invalid.Violations[0].Field == "image.alt":
		f.warn(r.about(columnAlt, invalid.Violations[0].Message+"; the image was imported without it"))
		image.Alt = ""
	case invalid != nil:
		f.warn(r.about(columnImage, invalid.Violations[0].Message+"; the image was left out"))
		return
	case len(d.images) == maxImages:
		f.warn(r.about(columnImage, "is one image too many; it was left out"))
		return
	}
	if position, err := strconv.Atoi(r.get(columnPosition)); err == nil {
		image.position = position
	}
	d.images = append(d.images, image)
}

// apply changes the fields of a product for which the file has columns. A description and tags that a file cannot hold as they are stay if
// the file has what an export makes of them.
func (d *draft) apply(c *Content) {
	set := func(to *string, from string, columns ...column) {
		if slices.ContainsFunc(columns, d.head.has) {
			*to = from
		}
	}
	c.Title = cmp.Or(d.Title, c.Title)
	if d.Description != plainText(markedUp(c.Description)) {
		set(&c.Description, d.Description, columnBody)
	}
	set(&c.Brand, d.Brand, columnVendor)
	set(&c.Category, d.Category, columnType, columnTaxonomy)
	set(&c.SEO.Title, d.SEO.Title, columnSEOTitle)
	set(&c.SEO.Description, d.SEO.Description, columnSEODescription)
	if d.head.has(columnTags) && !slices.Equal(d.Tags, tagsOf(strings.Join(c.Tags, ", "))) {
		c.Tags = d.Tags
	}
	if d.head.has(columnImage) {
		c.Images = d.imagesAfter(c.Images)
	}
}

// imagesAfter returns the images in order. They keep the sizes of before and, if the file has no texts for them, the texts.
func (d *draft) imagesAfter(before []Image) (images []Image) {
	sorted := slices.SortedStableFunc(slices.Values(d.images), func(a, b draftImage) int { return cmp.Compare(a.position, b.position) })
	for _, i := range sorted {
		known := slices.IndexFunc(before, func(old Image) bool { return old.URL == i.URL })
		if known >= 0 {
			i.Width, i.Height = before[known].Width, before[known].Height
			if !d.head.has(columnAlt) {
				i.Alt = before[known].Alt
			}
		}
		images = append(images, i.Image)
	}
	same := func(new, old Image) bool { return new.URL == old.URL && new.Alt == strings.TrimSpace(old.Alt) }
	if slices.EqualFunc(images, before, same) {
		return before
	}
	return images
}
