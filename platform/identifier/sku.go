package identifier

import "regexp"

var skuPattern = regexp.MustCompile(`^[A-Za-z0-9_.-]([A-Za-z0-9_. -]{0,98}[A-Za-z0-9_.-])?$`)

// ValidSKU reports whether text is a valid SKU: 1 to 100 ASCII letters, digits, and _ . -, with blanks only inside. "." and
// ".." are invalid, because in the path of a URL they would be taken for folders.
func ValidSKU(text string) bool {
	return skuPattern.MatchString(text) && text != "." && text != ".."
}
