package catalog

import (
	"cmp"
	"slices"
	"strings"
)

// sale is what a file says about the status of a product.
type sale struct {
	published published
	// status is empty if the column Status says nothing.
	status Status
	// unclear is set if one of the columns has a word that means nothing.
	unclear bool
}

type published int

const (
	publishedUnsaid published = iota
	isPublished
	notPublished
)

// The words for true and false, also those that spreadsheets in other languages write.
var (
	trueWords = []string{
		"true", "yes", "y", "1", "vrai", "oui", "wahr", "ja", "verdadero", "sí", "si", "vero", "sì", "waar", "verdadeiro", "sim", "sant",
		"sann", "sand", "tosi", "prawda", "pravda", "истина", "doğru", "igaz",
	}
	falseWords = []string{
		"false", "no", "n", "0", "faux", "non", "falsch", "nein", "falso", "onwaar", "nee", "não", "falskt", "usann", "falsk", "epätosi",
		"fałsz", "nepravda", "ложь", "yanlış", "hamis",
	}
)

// saleOf reads the columns Published and Status.
func saleOf(f *file, r row) (s sale) {
	switch word := strings.ToLower(r.get(columnPublished)); {
	case word == "":
	case slices.Contains(trueWords, word):
		s.published = isPublished
	case slices.Contains(falseWords, word):
		s.published = notPublished
	default:
		s.unclear = true
		f.warn(r.about(columnPublished, "is neither true nor false; a new product is a draft, another stays as it is"))
	}
	word := strings.ToLower(r.get(columnStatus))
	known := false
	if s.status, known = statusesOfFiles[word]; !known && word != "" {
		s.unclear = true
		f.warn(r.about(columnStatus, "is none of active, draft, archived and unlisted; a new product is a draft, another stays as it is"))
	}
	return s
}

// statusesOfFiles are the words of Shopify's column Status. It has none for scheduled products.
var statusesOfFiles = map[string]Status{"active": Active, "draft": Draft, "archived": Withdrawn, "unlisted": Unlisted}

// after returns the status of a product after the import. before is empty for a new product. A product that is not on sale stays so in
// its own way if the file says only that it is not published.
func (s sale) after(before Status) Status {
	switch {
	case s.status == Draft || s.status == Withdrawn:
		return s.status
	case s.published == notPublished && (before == "" || before.OnSale()):
		return Draft
	case s.published == notPublished:
		return before
	case s.unclear:
		return cmp.Or(before, Draft)
	case s.status != "":
		return s.status
	case s.published == isPublished && !before.OnSale():
		return Active
	}
	return cmp.Or(before, Active)
}

// exportedStatus returns the cells of Published and Status for a product. What is scheduled is active in Shopify, and not yet published.
func exportedStatus(s Status) (published, status string) {
	switch s {
	case Draft:
		return "FALSE", "draft"
	case Scheduled:
		return "FALSE", "active"
	case Withdrawn:
		return "FALSE", "archived"
	default:
		return "TRUE", string(s)
	}
}
