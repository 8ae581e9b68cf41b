package catalog

import (
	"errors"
	"slices"
	"strings"

	"souk/platform/field"
)

// fileOffer is the compare-at price, the barcode and the image of a variant in a row. A nil field changes nothing. An empty one
// clears what the variant has.
type fileOffer struct {
	compareAt *int64
	barcode   *string
	image     *Image
}

// read reads the columns of an offer. With an error it returns the column. An image that cannot be added costs nothing else.
func (o *fileOffer) read(f *file, r row) (column, error) {
	if text := r.get(columnCompareAt); text != "" {
		amount, err := price(text, f.currency)
		if err != nil {
			return columnCompareAt, err
		}
		o.compareAt = &amount
	} else if r.has(columnCompareAt) {
		o.compareAt = new(int64)
	}
	if r.has(columnBarcode) {
		o.barcode = new(tidyLine(r.get(columnBarcode)))
	}
	if !r.has(columnVariantImage) {
		return "", nil
	}
	image := Image{URL: addressOf(r.get(columnVariantImage))}
	var check field.Checker
	image.check(&check, "image")
	var invalid *field.Error
	if image.URL != "" && errors.As(check.Err(), &invalid) {
		f.warn(r.about(columnVariantImage, invalid.Violations[0].Message+"; the image was left out"))
		return "", nil
	}
	o.image = &image
	return "", nil
}

// addressOf returns the address of an image. Files may leave out the scheme.
func addressOf(text string) string {
	if strings.HasPrefix(text, "//") {
		return "https:" + text
	}
	return text
}

// apply changes a variant as the row says. The variant has its new price already. A compare-at price that is not above it is removed.
func (o fileOffer) apply(v *Variant) {
	if o.compareAt != nil {
		v.CompareAt = o.compareAt
	}
	if !v.reduced() {
		v.CompareAt = nil
	}
	if o.barcode != nil {
		v.Barcode = *o.barcode
	}
	switch {
	case o.image == nil:
	case o.image.URL == "":
		v.Image = nil
	case v.Image == nil || v.Image.URL != o.image.URL:
		v.Image = o.image
	}
}

// lostReduction returns why the variant has no compare-at price although the file or the shop has one, with the column, or "".
func (v *draftVariant) lostReduction() (column, string) {
	var before Variant
	if v.base != nil {
		before = *v.base
	}
	after := v.variant(before)
	switch {
	case after.CompareAt != nil:
		return "", ""
	case v.offer.compareAt != nil && *v.offer.compareAt != 0:
		return columnCompareAt, "is not above the price; the variant has none"
	case v.offer.compareAt == nil && before.CompareAt != nil:
		return columnPrice, "is not below the compare-at price that the variant had; it has none now"
	}
	return "", ""
}

// describeVariantImages gives images of variants the texts that they have as images of the product. Files have no column for them.
func (d *draft) describeVariantImages() {
	for _, v := range d.variants {
		if image := v.offer.image; image != nil {
			if i := slices.IndexFunc(d.images, func(known draftImage) bool { return known.URL == image.URL }); i >= 0 {
				image.Alt = d.images[i].Alt
			}
		}
	}
}

// seoOf returns the texts for search engines, each on one line.
func seoOf(r row) SEO {
	line := func(c column) string { return strings.Join(strings.Fields(r.get(c)), " ") }
	return SEO{Title: line(columnSEOTitle), Description: line(columnSEODescription)}
}

// exportOffer fills the cells of a variant's offer.
func (v Variant) exportOffer(cells map[column]string, currency string) {
	if v.CompareAt != nil {
		cells[columnCompareAt] = amountOf(*v.CompareAt, currency)
	}
	if v.Image != nil {
		cells[columnVariantImage] = v.Image.URL
	}
	cells[columnBarcode] = v.Barcode
}
