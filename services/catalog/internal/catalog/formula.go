package catalog

import (
	"regexp"
	"strings"
)

// formula matches a cell that a spreadsheet would run, with the apostrophes that keep it from that.
// https://owasp.org/www-community/attacks/CSV_Injection
var formula = regexp.MustCompile(`^'*[=+\-@\t\r]`)

// harmless returns a cell of an export with an apostrophe before a formula. An apostrophe at the beginning of a SKU or a barcode is doubled,
// because an import drops it.
func harmless(c column, cell string) string {
	if formula.MatchString(cell) || isCode(c) && strings.HasPrefix(cell, "'") {
		return "'" + cell
	}
	return cell
}

// original returns a cell of a file as it was before harmless. Excel itself puts an apostrophe before the digits of a SKU or a barcode, so
// that they stay text.
func original(c column, cell string) string {
	if formula.MatchString(cell) || isCode(c) {
		return strings.TrimPrefix(cell, "'")
	}
	return cell
}

func isCode(c column) bool { return c == columnSKU || c == columnBarcode }
