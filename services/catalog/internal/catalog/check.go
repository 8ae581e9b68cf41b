package catalog

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"souk/platform/field"
	"souk/platform/identifier"
)

const (
	maxSlug        = 120
	maxSKU         = 100
	maxTitle       = 200
	maxBarcode     = 100
	maxSEO         = 1000
	maxDescription = 20_000
	maxName        = 100
	maxTags        = 50
	maxTag         = 50
	maxImages      = 50
	maxURL         = 2048
	maxAlt         = 500
	maxPixels      = 100_000
	maxVariants    = 2000
	maxOptions     = 3
	maxPrice       = 1_000_000_000_000
	maxWeight      = 1_000_000
)

// check returns a *field.Error with all violations of a product, named as in the REST contract.
func (c Content) check() error {
	var check field.Checker
	check.Check(validSlug(c.Slug), "slug", fmt.Sprintf("must be lower-case words of letters and digits, joined by hyphens, at most %d characters", maxSlug))
	check.Check(!identifier.Valid(c.Slug), "slug", "must not look like an id")
	checkLine(&check, "title", c.Title, maxTitle)
	check.Check(strings.TrimSpace(c.Title) != "", "title", "is required")
	checkText(&check, "description", c.Description, maxDescription)
	checkLine(&check, "brand", c.Brand, maxName)
	checkLine(&check, "category", c.Category, maxName)
	check.Check(c.Category == "" || Slugify(c.Category) != "", "category", "must hold a letter or a digit")
	check.Check(len(c.Tags) <= maxTags, "tags", fmt.Sprintf("must have at most %d items", maxTags))
	for i, tag := range first(c.Tags, maxTags) {
		checkLine(&check, fmt.Sprintf("tags[%d]", i), tag, maxTag)
		check.Check(strings.TrimSpace(tag) != "", fmt.Sprintf("tags[%d]", i), "must not be blank")
	}
	check.Check(len(c.Images) <= maxImages, "images", fmt.Sprintf("must have at most %d items", maxImages))
	for i, image := range first(c.Images, maxImages) {
		image.check(&check, fmt.Sprintf("images[%d]", i))
	}
	checkLine(&check, "seo.title", c.SEO.Title, maxTitle)
	checkLine(&check, "seo.description", c.SEO.Description, maxSEO)
	checkVariants(&check, c.Variants)
	c.checkStatus(&check)
	return check.Err()
}

func checkVariants(check *field.Checker, variants []Variant) {
	check.Check(len(variants) >= 1 && len(variants) <= maxVariants, "variants", fmt.Sprintf("must have 1 to %d items", maxVariants))
	seen := map[string]bool{}
	for i, v := range first(variants, maxVariants) {
		path := fmt.Sprintf("variants[%d]", i)
		v.check(check, path)
		check.Check(!seen[v.SKU], path+".sku", "is another variant's already")
		seen[v.SKU] = true
	}
}

// first returns the first items of a list that is too long, so that the answer with its violations stays short.
func first[T any](list []T, most int) []T {
	return list[:min(len(list), most)]
}

func (i Image) check(check *field.Checker, path string) {
	u, err := url.Parse(i.URL)
	ok := err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && len(i.URL) <= maxURL && utf8.ValidString(i.URL)
	check.Check(ok, path+".url", fmt.Sprintf("must be an http or https URL of at most %d characters", maxURL))
	checkLine(check, path+".alt", i.Alt, maxAlt)
	for _, side := range []struct {
		name          string
		pixels, other int
	}{{"width", i.Width, i.Height}, {"height", i.Height, i.Width}} {
		check.Check(side.pixels >= 0 && side.pixels <= maxPixels, path+"."+side.name, fmt.Sprintf("must be 1 to %d pixels", maxPixels))
		check.Check(side.pixels != 0 || side.other == 0, path+"."+side.name, "must be given if the other side is")
	}
}

func (v Variant) check(check *field.Checker, path string) {
	check.Check(identifier.ValidSKU(v.SKU), path+".sku", identifier.SKURule)
	checkLine(check, path+".title", v.Title, maxTitle)
	check.Check(v.Price >= 0 && v.Price <= maxPrice, path+".price.amount", fmt.Sprintf("must be 0 to %d", maxPrice))
	check.Check(v.Weight >= 0 && v.Weight <= maxWeight, path+".weight_grams", fmt.Sprintf("must be 0 to %d", maxWeight))
	v.checkOptions(check, path+".options")
	check.Check(v.CompareAt == nil || v.reduced() && *v.CompareAt <= maxPrice, path+".compare_at_price", fmt.Sprintf("must be above the price, %d at most", maxPrice))
	checkLine(check, path+".barcode", v.Barcode, maxBarcode)
	if v.Image != nil {
		v.Image.check(check, path+".image")
	}
}

// reduced reports whether the price is below the compare-at price.
func (v Variant) reduced() bool { return v.CompareAt != nil && *v.CompareAt > v.Price }

// checkOptions requires distinct names, because clients see the options as a JSON object.
func (v Variant) checkOptions(check *field.Checker, path string) {
	check.Check(len(v.Options) <= maxOptions, path, fmt.Sprintf("must have at most %d", maxOptions))
	seen := map[string]bool{}
	for _, o := range first(v.Options, maxOptions) {
		check.Check(strings.TrimSpace(o.Name) != "" && strings.TrimSpace(o.Value) != "", path, "must have names and values")
		check.Check(!seen[o.Name], path, "must have different names")
		seen[o.Name] = true
		checkLine(check, path, o.Name, maxName)
		checkLine(check, path, o.Value, maxName)
	}
}

// checkLine checks a single line of text.
func checkLine(check *field.Checker, path, text string, most int) {
	checkText(check, path, text, most)
	check.Check(!strings.ContainsFunc(text, unicode.IsControl), path, "must not hold control characters")
}

func checkText(check *field.Checker, path, text string, most int) {
	check.Check(utf8.RuneCountInString(text) <= most, path, fmt.Sprintf("must have at most %d characters", most))
	check.Check(utf8.ValidString(text) && !strings.ContainsRune(text, 0), path, "must be UTF-8 text")
}
