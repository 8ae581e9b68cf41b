package productfile

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// wooColumns are the columns that are written, with the one of the export that each is made of.
var wooColumns = map[string]string{
	"Handle": "Name", "Title": "Name", "Body (HTML)": "Description", "Vendor": "Brands", "Type": "Categories", "Tags": "Tags",
	"Published": "Published", "Status": "Visibility in catalog", "Variant SKU": "SKU", "Variant Grams": "Weight", "Variant Inventory Tracker": "Stock",
	"Variant Inventory Qty": "Stock", "Variant Inventory Policy": "Backorders allowed?", "Variant Price": "Regular price",
	"Variant Compare At Price": "Regular price", "Variant Barcode": "GTIN, UPC, EAN, or ISBN", "Image Src": "Images",
}

const wooOptions = 3 // of a product

// chooseColumns chooses the columns to write: those for which the export has one, because an empty cell would empty the field.
func (f *wooFile) chooseColumns() {
	f.out = []string{"Handle", "Title"}
	for _, c := range []struct {
		source string
		names  []string
	}{
		{"description", []string{"Body (HTML)"}},
		{"brands", []string{"Vendor"}},
		{"categories", []string{"Type"}},
		{"tags", []string{"Tags"}},
		{"published", []string{"Published"}},
		{"visibility in catalog", []string{"Status"}},
		{"sku", []string{"Variant SKU"}},
		{f.weightColumn(), []string{"Variant Grams"}},
		{"stock", []string{"Variant Inventory Tracker", "Variant Inventory Qty"}},
		{"backorders allowed?", []string{"Variant Inventory Policy"}},
		{"regular price", []string{"Variant Price"}},
		{"sale price", []string{"Variant Compare At Price"}},
		{"gtin, upc, ean, or isbn", []string{"Variant Barcode"}},
		{"images", []string{"Image Src", "Image Position", "Variant Image"}},
	} {
		if _, ok := f.columns[c.source]; ok {
			f.out = append(f.out, c.names...)
		}
	}
	for n := range wooOptions {
		f.out = append(f.out, optionName(n), optionValue(n))
	}
}

func optionName(n int) string  { return "Option" + strconv.Itoa(n+1) + " Name" }
func optionValue(n int) string { return "Option" + strconv.Itoa(n+1) + " Value" }

// writeSimple writes a product without variations.
func (f *wooFile) writeSimple(r wooRow) error {
	cells := f.product(r)
	maps.Copy(cells, r.variant(r))
	cells[optionName(0)], cells[optionValue(0)] = "Title", "Default Title"
	for _, a := range r.attributeNames() {
		r.lose(a.column, "the product has no variations, and the shop has no field for "+strconv.Quote(a.name))
	}
	if slices.Contains(splitList(strings.ToLower(r.get("type"))), "virtual") {
		r.lose("Type", "the shop delivers every product")
	}
	return f.writeWithImages(r, cells)
}

// writeVariable writes a product with its variations.
func (f *wooFile) writeVariable(r wooRow, variations []int) error {
	cells := f.product(r)
	options := f.optionsOf(r, variations)
	for n, name := range options {
		cells[optionName(n)] = name
	}
	if err := f.writeWithImages(r, cells); err != nil {
		return err
	}
	for _, i := range variations {
		v := f.rows[i]
		row := v.variant(r)
		row["Handle"] = cells["Handle"]
		values := map[string]string{}
		for _, a := range v.attributeNames() {
			values[a.name] = a.values
		}
		for n, name := range options {
			if row[optionValue(n)] = values[name]; values[name] == "" {
				v.warn("", "says no value of "+strconv.Quote(name)+", which means any there; the variant has no such option")
			}
		}
		if image := first(splitList(v.get("images"))); image != "" {
			row["Image Src"], row["Variant Image"] = image, image
		}
		if err := f.write(v, row); err != nil {
			return err
		}
	}
	return nil
}

// optionsOf returns the names of the attributes that variations have, in the order of the product.
func (f *wooFile) optionsOf(r wooRow, variations []int) (options []string) {
	used := map[string]bool{}
	rows := []wooRow{r}
	for _, i := range variations {
		rows = append(rows, f.rows[i])
		for _, a := range f.rows[i].attributeNames() {
			used[a.name] = true
		}
	}
	for _, row := range rows {
		for _, a := range row.attributeNames() {
			switch {
			case slices.Contains(options, a.name):
			case !used[a.name]:
				r.lose(a.column, "no variation has it, and the shop has no field for "+strconv.Quote(a.name))
			case len(options) == wooOptions:
				row.lose(a.column, "is one option too many: the shop has three")
			default:
				options = append(options, a.name)
			}
		}
	}
	return options
}

// product returns the cells that a product has once.
func (f *wooFile) product(r wooRow) map[string]string {
	cells := map[string]string{
		"Handle": f.handleOf(r), "Title": r.get("name"), "Body (HTML)": markedUp(r.get("description")), "Vendor": first(splitList(r.get("brands"))),
		"Type": r.category(), "Tags": r.tags(), "Published": "FALSE",
	}
	if r.get("published") == "1" {
		cells["Published"], cells["Status"] = "TRUE", r.status()
	}
	switch short := r.get("short description"); {
	case short == "":
	case cells["Body (HTML)"] == "":
		cells["Body (HTML)"] = markedUp(short)
	default:
		r.lose("Short description", "the shop has one description")
	}
	if len(splitList(r.get("brands"))) > 1 {
		r.lose("Brands", "the shop has one brand for a product")
	}
	r.loseOthers()
	return cells
}

// status returns the status of a product that is published. A hidden one has a page, but is in no list and no search.
func (r wooRow) status() string {
	switch visibility := r.get("visibility in catalog"); visibility {
	case "hidden":
		return "unlisted"
	case "catalog", "search":
		r.lose("Visibility in catalog", "the shop has no products for lists or searches alone")
	}
	return "active"
}

// variant returns the cells of a variation, with what it has from its product; of a product without variations, parent is the same row.
func (r wooRow) variant(parent wooRow) map[string]string {
	inherited := func(name string) string {
		if value := r.get(name); value != "" {
			return value
		}
		return parent.get(name)
	}
	cells := map[string]string{
		"Variant SKU": r.get("sku"), "Variant Price": inherited("regular price"), "Variant Grams": grams(inherited(r.file.weightColumn()), r.file.weightColumn()),
		"Variant Barcode": r.get("gtin, upc, ean, or isbn"), "Variant Inventory Policy": "deny",
	}
	if sale := r.get("sale price"); sale != "" {
		cells["Variant Price"], cells["Variant Compare At Price"] = sale, cells["Variant Price"]
		for _, date := range []string{"Date sale price starts", "Date sale price ends"} {
			if r.get(normalName(date)) != "" {
				r.lose(date, "the sale price is the price, whatever the date")
			}
		}
	}
	if backorders := strings.ToLower(r.get("backorders allowed?")); backorders == "1" || backorders == "notify" {
		cells["Variant Inventory Policy"] = "continue"
	}
	maps.Copy(cells, r.stock())
	if r.Record != parent.Record {
		r.loseOthers()
	}
	return cells
}

// stock returns the cells about the stock. Without a quantity, WooCommerce counts nothing, and says whether there is any.
func (r wooRow) stock() map[string]string {
	quantity, state := r.get("stock"), strings.ToLower(r.get("in stock?"))
	switch {
	case strings.EqualFold(quantity, "parent"):
		r.warn("Stock", "is shared with the other variations; set the stock of this one in the shop")
		return map[string]string{"Variant Inventory Tracker": "shopify"}
	case quantity != "":
		return map[string]string{"Variant Inventory Tracker": "shopify", "Variant Inventory Qty": quantity}
	case state == "0":
		return map[string]string{"Variant Inventory Tracker": "shopify", "Variant Inventory Qty": "0"}
	case state == "backorder":
		return map[string]string{"Variant Inventory Tracker": "shopify", "Variant Inventory Qty": "0", "Variant Inventory Policy": "continue"}
	}
	return nil
}

// writeWithImages writes a row with the first image of a product, and one for each of the others.
func (f *wooFile) writeWithImages(r wooRow, cells map[string]string) error {
	images := splitList(r.get("images"))
	if len(images) > 0 {
		cells["Image Src"], cells["Image Position"] = images[0], "1"
	}
	if err := f.write(r, cells); err != nil {
		return err
	}
	for n := 1; n < len(images); n++ {
		more := map[string]string{"Handle": cells["Handle"], "Image Src": images[n], "Image Position": strconv.Itoa(n + 1)}
		if err := f.write(r, more); err != nil {
			return err
		}
	}
	return nil
}

// category returns the deepest category, with those that it is in.
func (r wooRow) category() string {
	paths := splitList(r.get("categories"))
	deepest := ""
	for _, path := range paths {
		if strings.Count(path, ">") > strings.Count(deepest, ">") || deepest == "" {
			deepest = path
		}
	}
	for _, path := range paths {
		if path != deepest && !strings.HasPrefix(deepest, path+" >") {
			r.lose("Categories", "the shop has one category for a product, which is "+strconv.Quote(deepest)+" here")
		}
	}
	if deepest == "Uncategorized" {
		return ""
	}
	return deepest
}

func (r wooRow) tags() string {
	tags := splitList(r.get("tags"))
	for i, tag := range tags {
		if strings.Contains(tag, ",") {
			r.lose("Tags", "a tag has no comma in the shop")
			tags[i] = strings.Join(strings.FieldsFunc(tag, func(c rune) bool { return c == ',' || c == ' ' }), " ")
		}
	}
	return strings.Join(tags, ", ")
}

// attribute is an attribute that a row has, with the name of the column of its values.
type attribute struct{ name, values, column string }

func (r wooRow) attributeNames() (list []attribute) {
	for _, at := range r.file.attributes {
		if name := value(r.Cells, at[:1]); name != "" {
			list = append(list, attribute{name, strings.Join(splitList(value(r.Cells, at[1:])), ", "), r.file.header[at[1]]})
		}
	}
	return list
}

// loseOthers notes values in columns that the shop has no field for.
func (r wooRow) loseOthers() {
	nothing := []string{"", "0", "no", "n/a"}
	for i, name := range r.file.header {
		lost := slices.Contains(wooLost, normalName(name)) || strings.HasPrefix(normalName(name), "meta:") || strings.HasPrefix(normalName(name), "download")
		for _, size := range []string{"length", "width", "height"} {
			lost = lost || strings.HasPrefix(normalName(name), size+" (")
		}
		if lost && !slices.Contains(nothing, strings.ToLower(value(r.Cells, []int{i}))) {
			r.lose(name, "the shop has no such field")
		}
	}
}

var wooLost = []string{
	"is featured?", "tax class", "low stock amount", "sold individually?", "purchase note", "shipping class", "grouped products", "upsells",
	"cross-sells", "external url", "button text", "position",
}
