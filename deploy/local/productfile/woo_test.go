package productfile

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"errors"
	"slices"
	"strings"
	"testing"
)

//go:embed testdata/woocommerce.csv
var wooExport []byte

// rowsOf returns the rows of a table as maps from columns to cells that are not empty.
func rowsOf(t *testing.T, table *table) (rows []map[string]string) {
	t.Helper()
	text := table.header
	for _, r := range table.rows {
		text += r.text
	}
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range records[1:] {
		cells := map[string]string{}
		for i, cell := range record {
			if cell != "" {
				cells[records[0][i]] = cell
			}
		}
		rows = append(rows, cells)
	}
	return rows
}

func wantCells(t *testing.T, got map[string]string, want ...string) {
	t.Helper()
	for i := 0; i < len(want); i += 2 {
		if got[want[i]] != want[i+1] {
			t.Errorf("%s is %q, want %q", want[i], got[want[i]], want[i+1])
		}
	}
}

func mustRead(t *testing.T, content []byte) *table {
	t.Helper()
	table, err := read(content)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestProductsOfWooCommerceBecomeRowsOfTheShop(t *testing.T) {
	t.Parallel()
	rows := rowsOf(t, mustRead(t, wooExport))
	if len(rows) != 8 {
		t.Fatalf("there are %d rows, want 8: %v", len(rows), rows)
	}
	const uploads = "https://shop.example/wp-content/uploads/2026/01/"
	shirt, blue, sand, anySize, mug, voucher := rows[0], rows[2], rows[3], rows[4], rows[5], rows[7]
	wantCells(t, shirt, "Handle", "linen-shirt", "Title", "Linen Shirt", "Type", "Clothing > Shirts", "Tags", "linen, summer", "Vendor", "Costa",
		"Option1 Name", "Color", "Option2 Name", "Size", "Variant SKU", "", "Variant Price", "", "Published", "TRUE",
		"Body (HTML)", "<p>A shirt of <strong>washed linen</strong>, \"easy\" to wear.</p><p>Made in:<br>Porto</p><ul>\n<li>Coconut buttons</li>\n<li>Loose fit</li>\n</ul>",
		"Image Src", uploads+"shirt-blue.jpg", "Image Position", "1")
	wantCells(t, rows[1], "Handle", "linen-shirt", "Image Src", uploads+"shirt-sand.jpg", "Image Position", "2", "Title", "")
	wantCells(t, blue, "Handle", "linen-shirt", "Variant SKU", "linen-shirt-blue-m", "Option1 Value", "Blue", "Option2 Value", "M",
		"Variant Price", "49.90", "Variant Grams", "350", "Variant Inventory Qty", "7", "Variant Inventory Tracker", "shopify",
		"Variant Image", uploads+"shirt-blue.jpg", "Image Src", uploads+"shirt-blue.jpg")
	wantCells(t, sand, "Option2 Value", "L, tall", "Variant Price", "1,049.00", "Variant Grams", "400", "Variant Inventory Qty", "0",
		"Variant Inventory Policy", "deny")
	wantCells(t, anySize, "Option1 Value", "Blue", "Option2 Value", "", "Variant Inventory Qty", "", "Variant Inventory Tracker", "shopify")
	wantCells(t, mug, "Handle", "tea-mug", "Variant Price", "9.99", "Variant Compare At Price", "12.50", "Variant Barcode", "4006381333931",
		"Variant Inventory Policy", "continue", "Type", "Kitchen > Cups & Mugs", "Option1 Value", "Default Title", "Body (HTML)", "Stoneware.\nHolds 300 ml.")
	wantCells(t, rows[6], "Image Src", uploads+"mug-side.jpg?size=1,2", "Image Position", "2")
	wantCells(t, voucher, "Handle", "tea-mug-52", "Published", "FALSE", "Type", "", "Variant Inventory Tracker", "", "Body (HTML)", "<p>A <em>voucher</em></p>")
}

func TestWhatIsLostOfWooCommerceIsSaid(t *testing.T) {
	t.Parallel()
	table := mustRead(t, wooExport)
	lines := func(problems []Problem) (list []string) {
		for _, p := range problems {
			list = append(list, p.String())
		}
		return list
	}
	wantErrors := []string{
		`row 9, Lost: Parent: is of no product in the file ("id:999")`,
		`row 10, Breakfast Set: Type: the shop has no such products ("grouped")`,
	}
	if got := lines(table.errors); !slices.Equal(got, wantErrors) {
		t.Errorf("errors:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(wantErrors, "\n"))
	}
	got := strings.Join(lines(table.warnings), "\n")
	for _, want := range []string{
		`row 7, Linen Shirt - off: Published: the variation is disabled; it was left out ("0")`,
		`row 8, Linen Shirt - any: Stock: is shared with the other variations`,
		`row 8, Linen Shirt - any: says no value of "Size", which means any there`,
		`row 2, Linen Shirt: Short description: the shop has one description ("Cool in summer.")`,
		`row 2, Linen Shirt: Shipping class: the shop has no such field ("small-parcel")`,
		`row 2, Linen Shirt: Categories: the shop has one category for a product, which is "Clothing > Shirts" here`,
		`row 3, Tea Mug: Date sale price ends: the sale price is the price, whatever the date ("2026-12-24")`,
		`row 3, Tea Mug: Attribute 1 value(s): the product has no variations, and the shop has no field for "Material" ("Stoneware")`,
		`row 4, Tea Mug: Type: the shop delivers every product ("simple, virtual")`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no warning %q", want)
		}
	}
	if n := len(table.warnings); n != 9 {
		t.Errorf("there are %d warnings, want 9:\n%s", n, got)
	}
}

func TestWhatIsHiddenInWooCommerceIsUnlisted(t *testing.T) {
	t.Parallel()
	table := mustRead(t, []byte("ID,Type,SKU,Name,Published,Regular price,Visibility in catalog\n"+
		"1,simple,A,Mug,1,1,visible\n2,simple,B,Cup,1,1,hidden\n3,simple,C,Jug,1,1,search\n4,simple,D,Pot,0,1,hidden\n"))
	for i, want := range []string{"active", "unlisted", "active", ""} {
		wantCells(t, rowsOf(t, table)[i], "Status", want)
	}
	if len(table.warnings) != 1 || !strings.HasPrefix(table.warnings[0].String(), "row 4, Jug: Visibility in catalog: ") {
		t.Errorf("the warnings are %v", table.warnings)
	}
}

func TestTheSameLossIsSaidOnce(t *testing.T) {
	t.Parallel()
	table := mustRead(t, []byte("ID,Type,SKU,Name,Regular price,Upsells\n1,simple,A,Mug,1,B\n2,simple,B,Cup,1,A\n"))
	if len(table.warnings) != 1 || table.warnings[0].String() != `row 2, Mug: Upsells: the shop has no such field; so it is in 2 rows ("B")` {
		t.Errorf("the warnings are %v", table.warnings)
	}
	if !strings.HasPrefix(table.header, "Handle,Title,Variant SKU,Variant Price,Option1 Name") {
		t.Errorf("columns that the export lacks are in the header %q", table.header)
	}
}

func TestErrorsAboutRowsOfWooCommerceNameItsColumns(t *testing.T) {
	t.Parallel()
	w := &world{}
	shop, path := start(t, w, "ID,Type,SKU,Name,Regular price\n1,simple,A,badly named,1\n")
	out := &shown{}
	err := Import(t.Context(), path, shop, out)
	var left *RowsError
	if !errors.As(err, &left) {
		t.Errorf("the error is %v", err)
	}
	want := []string{`error: row 2, badly-named: belongs to the product of line 2, which was left out ("badly named")`}
	if !slices.Equal(out.problems, want) {
		t.Errorf("it shows %q, want %q", out.problems, want)
	}
	p := piece{table: mustRead(t, []byte("ID;Type;SKU;Name;Regular price\n1;simple;A;Mug;x\n"))}
	p.rows = p.table.rows
	if got := p.inFile(Problem{Record: 2, Line: 2, Column: "Variant Price", Message: "Variant Price: is not a number"}); got.Message != "Regular price: is not a number" {
		t.Errorf("the message is %q", got.Message)
	}
}

func TestADamagedRowOfWooCommerceTakesNothingOffSale(t *testing.T) {
	t.Parallel()
	w := &world{}
	shop, path := start(t, w, "ID,Type,SKU,Name,Regular price\n1,simple,A,Mug,1\n2,\"simple\"x,B,Cup,1\n3,simple,C,Pot,1\n")
	out := &shown{}
	if err := Import(t.Context(), path, shop, out); err == nil {
		t.Error("the damaged row is no error")
	}
	if len(out.problems) != 1 || !strings.HasPrefix(out.problems[0], "error: row 3: ") {
		t.Errorf("it shows %q", out.problems)
	}
	if !strings.HasSuffix(w.pieces[0], "\n\"\n") {
		t.Errorf("the piece does not say that a row is missing: %q", w.pieces[0])
	}
}

func TestAFileOfShopifyIsNoExportOfWooCommerce(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{
		"Handle,Title,Type,SKU,Price":                       false,
		"ID,Type,SKU,Name,Published,Regular price,Parent":   true,
		"id,TYPE,sku,name,regular price":                    true,
		"Handle,ID,Type,SKU,Name,Published,Regular price,X": false,
	} {
		if got := isWoo(strings.Split(header, ",")); got != want {
			t.Errorf("%s: %v", header, got)
		}
	}
}

func TestWeightsAreConverted(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{{"0.35", "kg", "350"}, {"0,35", "kg", "350"}, {"2", "lbs", "907"}, {"12", "g", "12"}, {"heavy", "kg", "heavy"}, {"", "kg", ""}} {
		if got := grams(c[0], "weight ("+c[1]+")"); got != c[2] {
			t.Errorf("%s %s is %q g, want %s", c[0], c[1], got, c[2])
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(wooExport)
	f.Add([]byte(long(3)))
	f.Fuzz(func(t *testing.T, content []byte) {
		table, err := read(content)
		if err != nil {
			return
		}
		sent := 0
		for _, p := range table.pieces(table.groups()) {
			sent += len(p.rows)
			if !bytes.HasPrefix([]byte(p.text()), []byte("\uFEFF"+table.header)) {
				t.Fatal("a piece does not begin with the header")
			}
		}
		if sent != len(table.rows) {
			t.Fatalf("%d of %d rows are sent", sent, len(table.rows))
		}
	})
}
