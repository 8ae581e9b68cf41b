package catalog

import (
	"cmp"
	"fmt"
	"slices"

	"golang.org/x/text/unicode/norm"

	"souk/platform/field"
	"souk/platform/identifier"
)

const (
	maxIDs = 100
	// The maximum number of alternatives of a filter, and of options to filter by.
	maxAlternatives, maxOptionFilters = 20, 10
	// anyOption is the field of a violation by all options, as the REST contract calls them.
	anyOption = "option.*"
	// MaxTotal is the number of products up to which a list is counted.
	MaxTotal = 10_000
)

// OptionFilter selects variants by an option.
type OptionFilter struct {
	Name string
	// Values are alternatives.
	Values []string
}

// Total is the number of products of a list, up to MaxTotal.
type Total struct {
	Count int64
	// More is set if there may be more than Count.
	More bool
}

// TotalOf returns the total for a number of products counted, at most one more than MaxTotal.
func TotalOf(counted int64) *Total {
	return &Total{Count: min(counted, MaxTotal), More: counted > MaxTotal}
}

// Categories returns the alternatives of the filter by category.
func (q Query) Categories() []string { return alternatives(q.Category, q.OtherCategories) }

// Brands returns the alternatives of the filter by brand.
func (q Query) Brands() []string { return alternatives(q.Brand, q.OtherBrands) }

func alternatives(value string, others []string) []string {
	if value == "" {
		return others
	}
	return append([]string{value}, others...)
}

// FiltersByPrice reports whether a query selects variants by their prices.
func (q Query) FiltersByPrice() bool { return q.MinPrice != nil || q.MaxPrice != nil }

// matching returns the SKUs of the variants that have the options and the price of a query. It is nil if the query asks for neither.
func (q Query) matching(variants []Variant) (skus []string) {
	if len(q.Options) == 0 && !q.FiltersByPrice() {
		return nil
	}
	for _, v := range variants {
		if q.matches(v) {
			skus = append(skus, v.SKU)
		}
	}
	return skus
}

func (q Query) matches(v Variant) bool {
	if q.MinPrice != nil && v.Price < *q.MinPrice || q.MaxPrice != nil && v.Price > *q.MaxPrice {
		return false
	}
	for _, wanted := range q.Options {
		if !slices.ContainsFunc(v.Options, func(o Option) bool { return o.Name == wanted.Name && slices.Contains(wanted.Values, o.Value) }) {
			return false
		}
	}
	return true
}

// tidyFilters puts the filters into the form in which they are compared. Empty values are left out. The first alternative becomes the
// single one.
func (q *Query) tidyFilters() {
	categories, brands := tidyAlternatives(q.Categories(), norm.NFC.String), tidyAlternatives(q.Brands(), tidyLine)
	q.Category, q.OtherCategories = split(categories)
	q.Brand, q.OtherBrands = split(brands)
	var options []OptionFilter
	for _, o := range q.Options {
		if values := tidyAlternatives(o.Values, tidyLine); len(values) > 0 {
			options = append(options, OptionFilter{Name: tidyLine(o.Name), Values: values})
		}
	}
	slices.SortStableFunc(options, func(a, b OptionFilter) int { return cmp.Compare(a.Name, b.Name) })
	q.Options = options
}

func split(values []string) (value string, others []string) {
	if len(values) == 0 {
		return "", nil
	}
	return values[0], values[1:]
}

// tidyAlternatives returns tidy values without duplicates. It keeps too long lists, because check refuses them.
func tidyAlternatives(values []string, tidy func(string) string) (kept []string) {
	if len(values) > maxAlternatives {
		return values
	}
	for _, value := range values {
		if value = tidy(value); value != "" && !slices.Contains(kept, value) {
			kept = append(kept, value)
		}
	}
	return kept
}

func (q *Query) checkFilters(check *field.Checker) {
	for _, filter := range []struct {
		name   string
		values []string
		most   int
	}{{"category", q.Categories(), maxSlug}, {"brand", q.Brands(), maxName}} {
		checkAlternatives(check, filter.name, filter.values, filter.most)
	}
	check.Check(len(q.IDs) <= maxIDs, "ids", fmt.Sprintf("must have at most %d ids", maxIDs))
	check.Check(len(q.Options) <= maxOptionFilters, anyOption, fmt.Sprintf("must have at most %d names", maxOptionFilters))
	for i, o := range first(q.Options, maxOptionFilters) {
		name := "option." + o.Name
		checkLine(check, name, o.Name, maxName)
		check.Check(o.Name != "", anyOption, "must have a name")
		check.Check(i == 0 || q.Options[i-1].Name != o.Name, name, "must be given once")
		checkAlternatives(check, name, o.Values, maxName)
	}
}

func checkAlternatives(check *field.Checker, name string, values []string, most int) {
	check.Check(len(values) <= maxAlternatives, name, fmt.Sprintf("must have at most %d values", maxAlternatives))
	for _, value := range first(values, maxAlternatives) {
		checkLine(check, name, value, most)
	}
}

// settleIDs keeps the valid IDs, each once, in their order.
func (q *Query) settleIDs() {
	q.OnlyIDs = q.OnlyIDs || len(q.IDs) > 0
	var valid []string
	for _, id := range q.IDs {
		if id, ok := identifier.Canonical(id); ok && !slices.Contains(valid, id) {
			valid = append(valid, id)
		}
	}
	q.IDs = valid
}

// beyond returns the filters that queries did not have in the version before, or nil, so that its cursors stay good.
func (q *Query) beyond() any {
	if len(q.OtherCategories) == 0 && len(q.OtherBrands) == 0 && len(q.Options) == 0 && !q.OnlyIDs {
		return nil
	}
	return []any{q.OtherCategories, q.OtherBrands, q.Options, q.IDs}
}
