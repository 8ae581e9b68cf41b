package catalog

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

var (
	slugPattern = regexp.MustCompile(`^` + slugWord + `(-` + slugWord + `)*$`)
	slugWords   = regexp.MustCompile(slugWord)
	notASCII    = regexp.MustCompile(`[^a-z0-9]+`)
)

const (
	// A word of a slug is made of letters and digits of any script with their marks, such as the vowels of हिन्दी.
	slugWord = `[\p{L}\p{N}][\p{L}\p{N}\p{M}]*`
	// unnamed is the slug of products whose title has no letter or digit, such as ★.
	unnamed = "product"
)

// Slugify derives a slug from a name and keeps its letters: "Café & Bar" becomes café-bar, "Самовар" becomes самовар. It is empty
// if the name has no letter and no digit.
func Slugify(name string) string {
	plain := strings.Map(visible, norm.NFC.String(strings.ToValidUTF8(name, "")))
	words := slugWords.FindAllString(norm.NFC.String(strings.ToLower(plain)), -1)
	return cutSlug(strings.Join(words, "-"), maxSlug)
}

// visible drops letters and marks that cannot be seen, so that no two slugs look the same because of them.
func visible(r rune) rune {
	if unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) {
		return -1
	}
	return r
}

// slugOf returns the slug of the first product with a title.
func slugOf(title string) string {
	return cmp.Or(Slugify(title), unnamed)
}

// formerSlug returns a slug in ASCII alone, as the versions before made it: cafe-bar for café-bar. It is empty if no letter is left.
func formerSlug(slug string) string {
	plain, _, err := transform.String(transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC), slug)
	if err != nil {
		return ""
	}
	return strings.Trim(notASCII.ReplaceAllString(plain, "-"), "-")
}

// numbered returns the slug of the nth product with the same base: lamp-2.
func numbered(base string, n int) string {
	suffix := fmt.Sprintf("-%d", n)
	return cutSlug(base, maxSlug-len(suffix)) + suffix
}

// cutSlug shortens a slug to a number of characters.
func cutSlug(slug string, most int) string {
	if utf8.RuneCountInString(slug) > most {
		slug = string([]rune(slug)[:most])
	}
	return strings.TrimRight(slug, "-")
}

func validSlug(slug string) bool {
	return utf8.RuneCountInString(slug) <= maxSlug && slugPattern.MatchString(slug) && slug == Slugify(slug)
}
