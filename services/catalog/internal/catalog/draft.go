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

// The most pieces a file can open a SKU's stock with.
const maxStock = 1_000_000_000

// draft is a product as a file describes it.
type draft struct {
	Content
	line     int
	variants []draftVariant
	images   []draftImage
	// options are the names of the product's options, "" for none.
	options [maxOptions]string
	// broken drafts lack what only their first row could give.
	broken bool
	// failed drafts have had a row left out, and so take no variant away.
	failed bool
	// takesOver is set when another product of the file has to give up a SKU first.
	takesOver bool
}

type draftVariant struct {
	Variant
	line int
	// stock is what the file says is there; nil when it says nothing.
	stock *int64
}

type draftImage struct {
	Image
	position int
}

var plainText = bluemonday.StrictPolicy().AddSpaceWhenStrippingTag(true)

// begin reads what only a product's first row has.
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
	// A placeholder stands for the variants, which are checked one by one.
	placeholder := d.Content
	placeholder.Variants = []Variant{{SKU: "X"}}
	return placeholder.check()
}

// categoryOf reads the shop's own Type, or the last part of Shopify's taxonomy: Home & Garden > Lighting > Lamps.
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

// imageOf reads the image of a row; nil for none, or one that the product has already.
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

// fail notes that a row of the draft is left out for err.
func (d *draft) fail(err error) error {
	d.failed = true
	return err
}

// variantOf reads the variant of a row; nil when neither price nor option nor SKU is filled in.
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

// optionsOf reads a row's options. Title: Default Title is Shopify's way of saying that there are none.
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

// name titles a variant by its options, and makes a SKU of them when the file gives none.
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

// readNumbers reads a variant's price, weight and stock.
func (v *draftVariant) readNumbers(r row, currency string) error {
	price, err := money.Parse(r.get("Variant Price"), currency)
	if err != nil {
		return fmt.Errorf("column Variant Price: %w", err)
	}
	grams, err := number(r.get("Variant Grams"))
	if err != nil {
		return fmt.Errorf("column Variant Grams: %w", err)
	}
	// A weight that was entered in pounds is exported with decimals.
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
	// Shopify counts what it has oversold below zero.
	stock := min(max(int64(pieces), 0), maxStock)
	v.stock = &stock
	return nil
}

var errNotNumber = errors.New("is not a number that fits")

// number reads a decimal that a float64 holds exactly enough: "250", "250.0", "-3". Nothing is 0.
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

// content is the draft with its variants and images in their order.
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
