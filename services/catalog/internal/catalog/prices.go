package catalog

import "slices"

// priceRanges is the maximum number of ranges of prices in a facet.
const priceRanges = 5

// PriceRange counts the products that have a variant with a price from Min to Max. Max is nil for the last range.
type PriceRange struct {
	Min   int64
	Max   *int64
	Count int64
}

// VariantFacets are what the variants of the matching products have.
type VariantFacets struct {
	// Options are named by their fields.
	Options []Facet
	Prices  []PriceCount
}

// PriceCount counts the products that have these prices: each once, the lowest first.
type PriceCount struct {
	Prices   []int64
	Products int64
}

// rangesOf divides prices into ranges with round limits and about as many products each. It returns none if one range holds all prices.
func rangesOf(counts []PriceCount) (ranges []PriceRange) {
	limits := limitsOf(counts)
	if len(limits) == 0 {
		return nil
	}
	from := int64(0)
	for _, limit := range limits {
		to := limit - 1
		ranges = append(ranges, PriceRange{Min: from, Max: &to})
		from = limit
	}
	ranges = append(ranges, PriceRange{Min: from})
	for i, r := range ranges {
		for _, c := range counts {
			if slices.ContainsFunc(c.Prices, func(price int64) bool { return price >= r.Min && (r.Max == nil || price <= *r.Max) }) {
				ranges[i].Count += c.Products
			}
		}
	}
	return slices.DeleteFunc(ranges, func(r PriceRange) bool { return r.Count == 0 })
}

// limitsOf returns the round prices at which ranges begin, without the first.
func limitsOf(counts []PriceCount) (limits []int64) {
	var lowest []int64 // of each product
	for _, c := range counts {
		if len(c.Prices) > 0 {
			lowest = append(lowest, slices.Repeat(c.Prices[:1], int(c.Products))...)
		}
	}
	slices.Sort(lowest)
	for i := 1; i < priceRanges && len(lowest) > 0; i++ {
		limit := round(lowest[i*len(lowest)/priceRanges])
		if limit > lowest[0] && limit <= lowest[len(lowest)-1] && !slices.Contains(limits, limit) {
			limits = append(limits, limit)
		}
	}
	return limits
}

// round returns the next price of 1, 2 or 5 and zeros.
func round(price int64) int64 {
	for unit := int64(1); ; unit *= 10 {
		for _, digit := range []int64{1, 2, 5} {
			if digit*unit >= price {
				return digit * unit
			}
		}
	}
}
