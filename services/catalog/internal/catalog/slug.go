package catalog

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

var (
	slugPattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	notSlug     = regexp.MustCompile(`[^a-z0-9]+`)
)

// Slugify derives a slug from a name: "Café & Bar" becomes cafe-bar. It is empty if no character of the name is usable.
func Slugify(name string) string {
	plain, _, err := transform.String(transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC), name)
	if err != nil {
		plain = name
	}
	slug := strings.Trim(notSlug.ReplaceAllString(strings.ToLower(plain), "-"), "-")
	return cutSlug(slug, maxSlug)
}

// numbered returns the slug of the nth product with the same base: lamp-2.
func numbered(base string, n int) string {
	suffix := fmt.Sprintf("-%d", n)
	return cutSlug(base, maxSlug-len(suffix)) + suffix
}

func cutSlug(slug string, most int) string {
	return strings.TrimRight(slug[:min(len(slug), most)], "-")
}

func validSlug(slug string) bool {
	return len(slug) <= maxSlug && slugPattern.MatchString(slug)
}
