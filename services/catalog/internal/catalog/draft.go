package catalog

import (
	"cmp"
	"errors"
	"fmt"
	"html"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/microcosm-cc/bluemonday"

	"souk/platform/field"
	"souk/platform/money"
)

// The maximum initial stock of a SKU in a file, in pieces.
const maxStock = 1_000_000_000

// draft is a product as described by a file.
type draft struct {
	Content
	line     int
	variants []draftVariant
	images   []draftImage
	// options are the names of the product's options; "" means none.
	options [maxOptions]string
	// broken means that the first row of the product was invalid, so that its fields are missing.
	broken bool
	// failed means that a row of the product was left out. The import then removes no variants from the product.
	failed bool
	// takesOver means that another product in the file must give up a SKU first.
	takesOver bool
}

type draftVariant struct {
	Variant
	line int
	// stock is the stock in the file; nil if the file has none.
	stock *int64
}

type draftImage struct {
	Image
	position int
}

var plainText = bluemonday.StrictPolicy().AddSpaceWhenStrippingTag(true)

// begin reads the fields that only the first row of a product has.
func (d *draft) begin(r row, handle string) error {
	if r.get("Title") == "" {
		return errors.New("is a product's first row and has no Title")
	}
	d.Content = Content{
		Slug: handle, Title: r.get("Title"), Brand: r.get("Vendor"), Category: categoryOf(r), Tags: tagsOf(r.get("Tags")),
		Description: strings.Join(strings.Fields(html.UnescapeString(plainText.Sanitize(r.get("Body (HTML)")))), " "),
		Withdrawn:   strings.EqualFold(r.get("Published"), "false") || slices.Contains([]string{"draft", "archived"}, strings.ToLower(r.get("Status"))),
	}
	for i := range d.options {
		d.options[i] = r.get(fmt.Sprintf("Option%d Name", i+1))
	}
	// The variants are checked one by one, so check gets a placeholder here.
	placeholder := d.Content
	placeholder.Variants = []Variant{{SKU: "X"}}
	return placeholder.check()
}

// categoryOf returns the category: the column Type, or the last part of Shopify's taxonomy, for example Lamps in Home & Garden
// > Lighting > Lamps.
func categoryOf(r row) string {
	path := strings.Split(r.get("Product Category"), ">")
	return cmp.Or(r.get("Type"), strings.TrimSpace(path[len(path)-1]))
}

func tagsOf(list string) (tags []string) {
	for tag := range strings.SplitSeq(list, ",") {
		if tag = strings.TrimSpace(tag); tag != "" && !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	return tags
}

// imageOf returns the image in a row; nil if there is none or the product has it already.
func (d *draft) imageOf(r row) (*draftImage, error) {
	src := r.get("Image Src")
	known := slices.ContainsFunc(d.images, func(i draftImage) bool { return i.URL == src })
	if src == "" || known {
		return nil, nil
	}
	var check field.Checker
	image := draftImage{Image: Image{URL: src, Alt: r.get("Image Alt Text")}, position: len(d.images) + 1}
	image.check(&check, "image")
	check.Check(len(d.images) < maxImages, "images", fmt.Sprintf("must be at most %d in a product", maxImages))
	if err := check.Err(); err != nil {
		return nil, d.fail(err)
	}
	if position, err := strconv.Atoi(r.get("Image Position")); err == nil {
		image.position = position
	}
	return &image, nil
}

// fail records that a row of the draft was left out because of err.
func (d *draft) fail(err error) error {
	d.failed = true
	return err
}

// variantOf returns the variant in a row; nil if the price, the options and the SKU are all empty.
func (f *file) variantOf(d *draft, r row) (*draftVariant, error) {
	if !r.any("Variant Price", "Variant SKU", "Option1 Value", "Option2 Value", "Option3 Value") {
		return nil, nil
	}
	v := draftVariant{line: r.line, Variant: Variant{SKU: r.get("Variant SKU"), Options: d.optionsOf(r)}}
	v.name(d.Slug)
	if err := v.readNumbers(r, f.currency); err != nil {
		return nil, d.fail(err)
	}
	var check field.Checker
	v.check(&check, "variant")
	check.Check(len(d.variants) < maxVariants, "variants", fmt.Sprintf("must be at most %d in a product", maxVariants))
	if err := check.Err(); err != nil {
		return nil, d.fail(err)
	}
	if line, ok := f.lines[v.SKU]; ok {
		return nil, d.fail(fmt.Errorf("SKU %s stands on line %d already", v.SKU, line))
	}
	return &v, nil
}

// optionsOf returns the options in a row. Shopify writes "Title: Default Title" for a product without options.
func (d *draft) optionsOf(r row) []Option {
	var options []Option
	for i, name := range d.options {
		value := r.get(fmt.Sprintf("Option%d Value", i+1))
		if name == "" || value == "" || name == "Title" && value == "Default Title" {
			continue
		}
		options = append(options, Option{Name: name, Value: value})
	}
	return options
}

// name sets the variant's title from its options, and creates a SKU from them if the file has none.
func (v *draftVariant) name(handle string) {
	values := make([]string, len(v.Options))
	for i, o := range v.Options {
		values[i] = o.Value
	}
	v.Title = strings.Join(values, " / ")
	if v.SKU == "" {
		v.SKU = cutSlug(Slugify(strings.Join(append([]string{handle}, values...), " ")), maxSKU)
	}
}

// readNumbers reads the price, the weight and the stock of a variant.
func (v *draftVariant) readNumbers(r row, currency string) error {
	price, err := money.Parse(r.get("Variant Price"), currency)
	if err != nil {
		return fmt.Errorf("column Variant Price: %w", err)
	}
	grams, err := number(r.get("Variant Grams"))
	if err != nil {
		return fmt.Errorf("column Variant Grams: %w", err)
	}
	// Shopify exports a weight that was entered in pounds with decimals.
	v.Price, v.Weight = price.Amount, int64(math.Round(grams))
	quantity := r.get("Variant Inventory Qty")
	if quantity == "" {
		return nil
	}
	pieces, err := number(quantity)
	if err == nil && pieces != math.Trunc(pieces) {
		err = errNotNumber
	}
	if err != nil {
		return fmt.Errorf("column Variant Inventory Qty: %w", err)
	}
	// In Shopify, the stock of an oversold product is negative.
	stock := min(max(int64(pieces), 0), maxStock)
	v.stock = &stock
	return nil
}

var errNotNumber = errors.New("is not a number that fits")

// number parses a decimal that a float64 represents exactly enough: "250", "250.0", "-3". An empty text is 0.
func number(text string) (float64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || strings.Trim(text, "0123456789.-") != "" || math.Abs(n) > 1e15 {
		return 0, errNotNumber
	}
	return n, nil
}

// content returns the draft's content with its variants and images in order.
func (d *draft) content() Content {
	c := d.Content
	slices.SortStableFunc(d.images, func(a, b draftImage) int { return cmp.Compare(a.position, b.position) })
	for _, i := range d.images {
		c.Images = append(c.Images, i.Image)
	}
	for _, v := range d.variants {
		c.Variants = append(c.Variants, v.Variant)
	}
	return c
}
