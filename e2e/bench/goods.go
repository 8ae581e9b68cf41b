package bench

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
)

// The products are named by three words each: a mug is blue and of stoneware. A search for two of the words finds ten of the
// products, a category has a hundred.
var (
	colors    = []string{"amber", "blue", "coral", "crimson", "emerald", "golden", "indigo", "ivory", "silver", "violet"}
	materials = []string{"bamboo", "brass", "ceramic", "cotton", "glass", "leather", "linen", "marble", "walnut", "wicker"}
	things    = []string{"basket", "bowl", "candle", "clock", "cushion", "lantern", "mirror", "platter", "teapot", "vase"}
)

// product is what a shopper has to know of a product.
type product struct {
	slug, sku string
	// query is a search that finds it.
	query string
}

// products are all 1,000. The first is the hot one.
func products() []product {
	var all []product
	for _, color := range colors {
		for _, material := range materials {
			for _, thing := range things {
				slug := color + "-" + material + "-" + thing
				all = append(all, product{slug: slug, sku: strings.ToUpper(slug) + "-S", query: material + "+" + thing})
			}
		}
	}
	return all
}

// category returns the category that one of the things is in.
func category(thing string) string { return thing + "s" }

// pieces is the stock of each SKU: so many that none sells out.
const pieces = 1_000_000

var goodsColumns = []string{
	"Handle", "Title", "Body (HTML)", "Vendor", "Type", "Tags", "Published", "Option1 Name", "Option1 Value", "Option2 Name", "Option2 Value",
	"Option3 Name", "Option3 Value", "Variant SKU", "Variant Grams",
	"Variant Inventory Tracker", "Variant Inventory Qty", "Variant Price", "Image Src", "Image Alt Text",
}

// imageColumn is the first of the two columns of images.
var imageColumn = len(goodsColumns) - 2

// goodsCSV is the products with two variants of three options each, in Shopify's format.
func goodsCSV() ([]byte, error) {
	rows := [][]string{goodsColumns}
	for i, p := range products() {
		color, material, thing := words(p.slug)
		title := fmt.Sprintf("%s %s %s", color, material, thing)
		body := fmt.Sprintf("<p>A %s for every day, made of %s in a small workshop. The %s comes from the finish, which wears well. "+
			"Wipe it with a damp cloth, and keep it out of strong sun.</p>", thing, material, color)
		for j, size := range []string{"Small", "Large"} {
			row := []string{
				p.slug, title, body, "Souk & Sons", category(thing), material + ", " + color + ", home", "true", "Size", size, "Color", color, "Material", material,
				strings.ToUpper(p.slug) + "-" + size[:1], fmt.Sprint(300 * (j + 1)), "shopify", fmt.Sprint(pieces),
				fmt.Sprintf("%d.50", 5+i%40+10*j), "", "",
			}
			if j == 0 {
				row[imageColumn], row[imageColumn+1] = "https://images.souk.example/"+p.slug+".jpg", title
			}
			rows = append(rows, row)
		}
	}
	return fileOf(rows)
}

// fileOf returns a product file of these rows.
func fileOf(rows [][]string) ([]byte, error) {
	var out bytes.Buffer
	err := csv.NewWriter(&out).WriteAll(rows)
	return out.Bytes(), err
}

func words(slug string) (color, material, thing string) {
	parts := strings.Split(slug, "-")
	return parts[0], parts[1], parts[2]
}
