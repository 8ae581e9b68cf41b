package postgres

import "souk/services/catalog/internal/catalog"

// between stands between the name of an option and its value. No text of a product contains this character.
const between = "\x1f"

// optionValue returns the value of an option as products have it in the column option_values.
func optionValue(name, value string) string { return name + between + value }

// offered is what the variants of a product offer.
type offered struct {
	// values are the option values; counted and prices are these and the prices, or nil if they are too long for an index.
	values, counted []string
	prices          []int64
}

// The maximum sizes of what is indexed for counting: the bytes of all option values, and the number of prices. The entry of an index has
// 2,704 bytes, of which a category takes 400.
const (
	maxCountedValues, maxCountedPrices = 1500, 60
	// arrayOverhead is what an element of an array takes besides its bytes.
	arrayOverhead = 8
)

func offeredBy(c catalog.Content) offered {
	options := c.Options()
	o := offered{values: make([]string, len(options)), prices: c.Prices()}
	size := 0
	for i, option := range options {
		o.values[i] = optionValue(option.Name, option.Value)
		size += len(o.values[i]) + arrayOverhead
	}
	if o.counted = o.values; size > maxCountedValues {
		o.counted = nil
	}
	if len(o.prices) > maxCountedPrices {
		o.prices = nil
	}
	return o
}
