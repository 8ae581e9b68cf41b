package catalog

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"souk/platform/field"
	"souk/platform/identifier"
)

// The maximum initial stock of a SKU in a file, in pieces.
const maxStock = 1_000_000_000

// draftVariant is a variant as described by a row. What is nil the file does not say.
type draftVariant struct {
	row row
	// written is the SKU in the file; it may be empty, or that of several rows.
	written string
	// values are the values of the options; "" means none.
	values [maxOptions]string
	price  *int64
	weight *int64
	stock  *int64
	rule   fileRule
	offer  fileOffer

	// What follows is known once the draft is compared with the stored product.

	// SKU is the variant's own.
	SKU     string
	options []Option
	// base is the stored variant with this SKU; nil if it is new.
	base *Variant
}

// isVariant reports whether a row has a variant: a price, an option or a SKU. In a file without any such column, the weight or the
// stock is enough.
func (r row) isVariant() bool {
	identity := append([]column{columnPrice, columnSKU}, optionValues[:]...)
	if r.columns.has(identity...) {
		return r.any(identity...)
	}
	return r.any(columnGrams, columnQuantity)
}

// readVariant adds the variant in a row. If one of its cells is broken, it reports that instead.
func (d *draft) readVariant(f *file, r row) {
	v := &draftVariant{row: r, written: skuOf(f, r), values: d.valuesOf(r), rule: stockRuleOf(f, r)}
	c, err := v.readNumbers(f, r)
	if err == nil {
		c, err = v.offer.read(f, r)
	}
	if err != nil {
		d.failed = true
		f.fail(r.about(c, err.Error()))
		return
	}
	twice := slices.IndexFunc(d.variants, func(other *draftVariant) bool {
		return other.written == v.written && other.values == v.values
	})
	switch {
	case twice >= 0:
		d.failed = true
		f.fail(r.about(columnSKU, fmt.Sprintf("has the SKU and the options of line %d", d.variants[twice].row.Line)))
	case len(d.variants) == maxVariants:
		d.failed = true
		f.fail(r.about("", fmt.Sprintf("is one variant too many: a product has at most %d", maxVariants)))
	default:
		d.variants = append(d.variants, v)
	}
}

// skuOf returns the SKU in a row.
func skuOf(f *file, r row) string {
	text := r.get(columnSKU)
	sku := identifier.CleanSKU(text)
	if strings.ContainsAny(text, "\n\t") {
		f.warn(r.about(columnSKU, "holds a line break, which became a space"))
	}
	return sku
}

// valuesOf returns the values of the options in a row. Shopify writes "Title: Default Title" for a product without options.
func (d *draft) valuesOf(r row) (values [maxOptions]string) {
	for i := range values {
		values[i] = tidyLine(r.get(optionValues[i]))
	}
	if values[0] == defaultValue && (d.options[0] == defaultOption || d.options[0] == "") {
		values[0] = ""
	}
	return values
}

// readNumbers reads the price, the weight and the stock of a variant. With an error it returns the column.
func (v *draftVariant) readNumbers(f *file, r row) (column, error) {
	if text := r.get(columnPrice); text != "" {
		amount, err := price(text, f.currency)
		if err != nil {
			return columnPrice, err
		}
		v.price = &amount
	}
	if text := r.get(columnGrams); text != "" {
		grams, err := number(text)
		if err != nil {
			return columnGrams, err
		}
		// Shopify exports a weight that was entered in pounds with decimals.
		weight := int64(math.Round(grams))
		v.weight = &weight
	} else if r.has(columnGrams) {
		v.weight = new(int64)
	}
	if text := r.get(columnQuantity); text != "" {
		stock, err := pieces(text)
		if err != nil {
			return columnQuantity, err
		}
		// In Shopify, the stock of an oversold product is negative.
		stock = min(max(stock, 0), maxStock)
		v.stock = &stock
	}
	return "", nil
}

// text returns the values of the options, joined.
func (v *draftVariant) text(separator string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(v.values[:]), func(value string) bool { return value == "" }), separator)
}

// variant returns the variant: the stored one, or a new one, with what the file says.
func (v *draftVariant) variant(base Variant) Variant {
	base.SKU = v.SKU
	if v.options != nil && !slices.Equal(v.options, base.Options) {
		base.Options, base.Title = v.options, v.text(" / ")
	}
	if v.price != nil {
		base.Price = *v.price
	}
	if v.weight != nil {
		base.Weight = *v.weight
	}
	v.rule.apply(&base.StockRule)
	v.offer.apply(&base)
	return base
}

// check checks a variant that is to be written. With an error it returns the column.
func (v *draftVariant) check() (column, error) {
	if v.base == nil && v.price == nil {
		return columnPrice, errors.New("a new variant needs a price")
	}
	base := Variant{}
	if v.base != nil {
		base = *v.base
	}
	var check field.Checker
	v.variant(base).check(&check, "")
	var invalid *field.Error
	if !errors.As(check.Err(), &invalid) {
		return "", nil
	}
	first := invalid.Violations[0]
	return map[string]column{
		".sku": columnSKU, ".title": optionValues[0], ".options": optionValues[0], ".price.amount": columnPrice, ".weight_grams": columnGrams,
		".compare_at_price": columnCompareAt, ".barcode": columnBarcode, ".image.alt": columnVariantImage,
	}[first.Field], errors.New(first.Message)
}
