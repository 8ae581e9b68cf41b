package postgres

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"souk/services/catalog/internal/catalog"
)

// What stands between the name of an option and its value, between such pairs, and between these and the prices. No text of a product contains
// these characters.
const (
	beforeValue  = "\x1f"
	betweenPairs = "\x1e"
	beforePrices = "\x1d"
)

// maxOffer is the maximum length of an offer in bytes. The entry of an index has 2,704 bytes, of which a category takes 400.
const maxOffer = 2000

// optionValue returns the value of an option as products have it in the column option_values.
func optionValue(name, value string) string { return name + beforeValue + value }

// offered is what the variants of a product offer.
type offered struct {
	// values are the option values.
	values []string
	// text is these and the prices as one text, for counting, or nil if it is too long for an index.
	text *string
}

func offeredBy(c catalog.Content) offered {
	o := offered{values: []string{}}
	for _, option := range c.Options() {
		o.values = append(o.values, optionValue(option.Name, option.Value))
	}
	var prices []string
	for _, price := range c.Prices() {
		prices = append(prices, strconv.FormatInt(price, 10))
	}
	if text := strings.Join(o.values, betweenPairs) + beforePrices + strings.Join(prices, ","); len(text) <= maxOffer {
		o.text = &text
	}
	return o
}

// offers counts products by what they offer.
type offers struct {
	// options are counted by their names and values.
	options map[string]map[string]int64
	prices  []catalog.PriceCount
}

func newOffers() *offers { return &offers{options: map[string]map[string]int64{}} }

// add counts products with the same offer.
func (o *offers) add(offer string, products int64, by counting) error {
	pairs, prices, _ := strings.Cut(offer, beforePrices)
	for pair := range strings.SplitSeq(pairs, betweenPairs) {
		name, value, ok := strings.Cut(pair, beforeValue)
		if !ok || !by.option(name) {
			continue
		}
		if o.options[name] == nil {
			o.options[name] = map[string]int64{}
		}
		o.options[name][value] += products
	}
	if !by.prices || prices == "" {
		return nil
	}
	count := catalog.PriceCount{Products: products}
	for text := range strings.SplitSeq(prices, ",") {
		price, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return err
		}
		count.Prices = append(count.Prices, price)
	}
	o.prices = append(o.prices, count)
	return nil
}

// facets returns the most common values of each option.
func (o *offers) facets() (facets []catalog.Facet) {
	for name, counts := range o.options {
		var values []catalog.FacetValue
		for value, n := range counts {
			values = append(values, catalog.FacetValue{Value: value, Name: value, Count: n})
		}
		facets = append(facets, catalog.Facet{Field: name, Values: mostFrequent(values)})
	}
	return facets
}

// mostFrequent sorts values by how many products have them, and leaves out the rarest if there are many.
func mostFrequent(values []catalog.FacetValue) []catalog.FacetValue {
	slices.SortFunc(values, func(a, b catalog.FacetValue) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value))
	})
	return values[:min(len(values), facetValues)]
}
