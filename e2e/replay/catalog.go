package replay

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"fmt"
	"strings"
)

// catalogCSV writes the products in Shopify's format: a product for each StockCode, a variant for each price.
func (b *Books) catalogCSV() ([]byte, error) {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	rows := [][]string{{"Handle", "Title", "Type", "Published", "Option1 Name", "Option1 Value", "Option2 Name", "Option2 Value", "Variant SKU", "Variant Grams", "Variant Price"}}
	for _, v := range b.Variants {
		title := cmp.Or(strings.TrimSpace(v.Description), v.StockCode)
		// Handles ignore case and codes do not: 85123A and 85123a are one product with both codes as an option.
		rows = append(rows, []string{
			"retail-" + v.StockCode, title, "Giftware", "true", "Code", v.StockCode, "Price", decimal(v.Price), v.SKU, "0", decimal(v.Price),
		})
	}
	if err := w.WriteAll(rows); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func decimal(pence int64) string {
	return fmt.Sprintf("%d.%02d", pence/100, pence%100)
}
