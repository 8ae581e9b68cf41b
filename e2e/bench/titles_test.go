package bench

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestTitlesComeFromInvoices(t *testing.T) {
	t.Parallel()
	file := []byte("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n")
	for _, color := range "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" {
		for n := range 20 {
			file = append(file, "1,"+string(color)+string(rune('a'+n))+",RED "+string(color)+" "+string(rune('a'+n))+"  MUG,1,2010-12-01 08:26:00,2.5,7,UK\n"...)
		}
	}
	file = append(file, "1,X1,MUG,1,2010-12-01 08:26:00,2.5,7,UK\n1,X2,MUGS OF 20,1,2010-12-01 08:26:00,2.5,7,UK\n"...)
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "day.csv"), file, 0o600); err != nil {
		t.Fatal(err)
	}
	titles, err := ReadTitles(folder)
	if err != nil || len(titles) != 52*20 || slices.Contains(titles, "MUG") || !slices.Contains(titles, "RED a b MUG") {
		t.Errorf("%d titles, %v; want those with several words that end with one", len(titles), err)
	}
	if _, err := ReadTitles(t.TempDir()); err == nil {
		t.Error("an empty folder has titles")
	}
}

func TestTitledGoodsHaveTwoVariantsOfEachEdition(t *testing.T) {
	t.Parallel()
	goods := titled{"RED MUG", "TEA TOWEL"}
	file, err := goods.csv(0, 4)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
	if err != nil || len(rows) != 1+4*2 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	title, sku := slices.Index(rows[0], "Title"), slices.Index(rows[0], "Variant SKU")
	if rows[1][title] != "RED MUG" || rows[5][title] != "RED MUG Ivory Glass" || rows[5][sku] != goods.product(2).sku {
		t.Errorf("%v, %v", rows[1], rows[5])
	}
}

func TestLargeCategoriesHaveTheMostTitles(t *testing.T) {
	t.Parallel()
	goods := titled{"RED MUG", "TEA TOWEL", "BLUE MUG", "TIN BOX", "Old Box", "GREEN MUG"}
	if got := goods.largeCategories(2); !slices.Equal(got, []string{"mug", "box"}) {
		t.Errorf("the two largest categories are %v, want mug and box", got)
	}
}
