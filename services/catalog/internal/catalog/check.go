package catalog

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"souk/platform/field"
)

const (
	maxSlug        = 120
	maxTitle       = 200
	maxDescription = 20_000
	maxName        = 100
	maxTags        = 50
	maxTag         = 50
	maxImages      = 50
	maxURL         = 2048
	maxAlt         = 500
	maxVariants    = 2000
	maxOptions     = 3
	maxPrice       = 1_000_000_000_000
	maxWeight      = 1_000_000
)

var (
	slugPattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	// Letters, digits and _.- ; spaces only inside.
	skuPattern = regexp.MustCompile(`^[A-Za-z0-9_.-]([A-Za-z0-9_. -]{0,98}[A-Za-z0-9_.-])?$`)
	notSlug    = regexp.MustCompile(`[^a-z0-9]+`)
)

// Slugify makes a slug of a name: "Café & Bar" becomes cafe-bar. It is empty when nothing of the name fits.
func Slugify(name string) string {
	plain, _, err := transform.String(transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC), name)
	if err != nil {
		plain = name
	}
	slug := strings.Trim(notSlug.ReplaceAllString(strings.ToLower(plain), "-"), "-")
	if len(slug) > maxSlug {
		slug = strings.Trim(slug[:maxSlug], "-")
	}
	return slug
}

// check returns a *field.Error that names everything wrong with a product, in the REST contract's words.
func (c Content) check() error {
	var check field.Checker
	check.Check(slugPattern.MatchString(c.Slug) && len(c.Slug) <= maxSlug, "slug", "must be lower-case words joined by hyphens")
	checkLine(&check, "title", c.Title, maxTitle)
	check.Check(strings.TrimSpace(c.Title) != "", "title", "is required")
	checkText(&check, "description", c.Description, maxDescription)
	checkLine(&check, "brand", c.Brand, maxName)
	checkLine(&check, "category", c.Category, maxName)
	check.Check(c.Category == "" || Slugify(c.Category) != "", "category", "must hold a letter or a digit")
	check.Check(len(c.Tags) <= maxTags, "tags", fmt.Sprintf("must have at most %d items", maxTags))
	for i, tag := range c.Tags {
		checkLine(&check, fmt.Sprintf("tags[%d]", i), tag, maxTag)
	}
	check.Check(len(c.Images) <= maxImages, "images", fmt.Sprintf("must have at most %d items", maxImages))
	for i, image := range c.Images {
		image.check(&check, fmt.Sprintf("images[%d]", i))
	}
	check.Check(len(c.Variants) >= 1 && len(c.Variants) <= maxVariants, "variants", fmt.Sprintf("must have 1 to %d items", maxVariants))
	seen := map[string]bool{}
	for i, v := range c.Variants {
		path := fmt.Sprintf("variants[%d]", i)
		v.check(&check, path)
		check.Check(!seen[v.SKU], path+".sku", "stands twice")
		seen[v.SKU] = true
	}
	return check.Err()
}

func (i Image) check(check *field.Checker, path string) {
	u, err := url.Parse(i.URL)
	ok := err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && len(i.URL) <= maxURL && utf8.ValidString(i.URL)
	check.Check(ok, path+".url", "must be an http or https URL")
	checkLine(check, path+".alt", i.Alt, maxAlt)
}

func (v Variant) check(check *field.Checker, path string) {
	check.Check(skuPattern.MatchString(v.SKU), path+".sku", "must have 1 to 100 letters, digits, and _ . -")
	checkLine(check, path+".title", v.Title, maxTitle)
	check.Check(v.Price >= 0 && v.Price <= maxPrice, path+".price.amount", fmt.Sprintf("must be 0 to %d", maxPrice))
	check.Check(v.Weight >= 0 && v.Weight <= maxWeight, path+".weight_grams", fmt.Sprintf("must be 0 to %d", maxWeight))
	check.Check(len(v.Options) <= maxOptions, path+".options", fmt.Sprintf("must have at most %d", maxOptions))
	for _, o := range v.Options {
		check.Check(o.Name != "", path+".options", "must have names")
		checkLine(check, path+".options", o.Name, maxName)
		checkLine(check, path+".options", o.Value, maxName)
	}
}

// checkLine checks a line of text for people.
func checkLine(check *field.Checker, path, text string, most int) {
	checkText(check, path, text, most)
	check.Check(!strings.ContainsFunc(text, unicode.IsControl), path, "must not hold control characters")
}

func checkText(check *field.Checker, path, text string, most int) {
	check.Check(utf8.RuneCountInString(text) <= most, path, fmt.Sprintf("must have at most %d characters", most))
	check.Check(utf8.ValidString(text) && !strings.ContainsRune(text, 0), path, "must be UTF-8 text")
}
