package bench

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"
)

func TestTheGoodsAreAsTheScenariosSay(t *testing.T) {
	t.Parallel()
	all, skus := products(), map[string]bool{}
	found, inCategory := 0, 0
	for _, p := range all {
		skus[p.sku] = true
		_, material, thing := words(p.slug)
		if material+"+"+thing == all[0].query {
			found++
		}
		if category(thing) == category(things[0]) {
			inCategory++
		}
	}
	if len(all) != 1000 || len(skus) != 1000 || found != 10 || inCategory != 100 {
		t.Errorf("%d products, %d SKUs, %d that a search finds, %d in a category", len(all), len(skus), found, inCategory)
	}
}

func TestTheGoodsFileHasTwoVariantsOfEach(t *testing.T) {
	t.Parallel()
	file, err := goodsCSV()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	skus, column := map[string]bool{}, slices.Index(rows[0], "Variant SKU")
	for _, row := range rows[1:] {
		skus[row[column]] = true
	}
	if len(rows) != 2001 || len(skus) != 2000 {
		t.Errorf("%d rows with %d SKUs", len(rows)-1, len(skus))
	}
	for _, p := range products() {
		if !skus[p.sku] || !strings.HasPrefix(p.sku, strings.ToUpper(p.slug)) {
			t.Errorf("%s of %s is not in the file", p.sku, p.slug)
		}
	}
}
