package catalog_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// gifts returns 900 titles as a shop for gifts has them. Every fourth has a dash, of one of five kinds.
func gifts() (titles []string) {
	colors := []string{"RED", "BLUE", "IVORY", "GREEN", "PINK", "BLACK", "ANTIQUE"}
	motifs := []string{
		"ROSE", "SWALLOW", "CHECK", "STRIPE", "ANCHOR", "DAISY", "FOX", "STAR", "SPOT", "LACE", "BIRD", "LEAF", "SHELL", "PAISLEY", "HEART",
		"CROWN", "FEATHER", "CHERRY", "POPPY", "LIGHTHOUSE", "TULIP", "SNOWFLAKE", "ROBIN", "IVY", "ZIGZAG", "BEE", "HARE", "TARTAN", "FERN", "KITE",
	}
	things := []string{
		"MUG", "TEA TOWEL", "CUSHION", "TRAY", "DOORMAT", "CANDLE", "T-LIGHT HOLDER", "APRON", "NAPKINS PACK OF 20", "LUNCH BAG", "CAKE TIN", "JUG",
		"PHOTO FRAME", "DOORSTOP", "WALL CLOCK", "KEY RING", "NOTEBOOK", "GIFT WRAP", "UMBRELLA", "HOT WATER BOTTLE", "BUNTING", "PLACEMAT",
		"OVEN GLOVE", "MIRROR", "BASKET", "VASE", "COASTER SET OF 4", "DRAWER KNOB", "BOOKENDS", "LAMPSHADE",
	}
	dashes := []string{" - ", " – ", " -", " — ", "-"}
	for i, thing := range things {
		for j, motif := range motifs {
			between := " "
			if n := len(titles); n%4 == 0 {
				between = dashes[n/4%len(dashes)]
			}
			titles = append(titles, colors[(i+j)%len(colors)]+" "+motif+between+thing)
		}
	}
	return titles
}

// realTitles returns the descriptions in a folder of invoices in the format of UCI's data set Online Retail.
func realTitles(t *testing.T, folder string) (titles []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.csv"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: no files, %v", folder, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		records, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		at := slices.Index(records[0], "Description")
		for _, record := range records[1:] {
			if title := strings.Join(strings.Fields(record[at]), " "); title != "" {
				titles = append(titles, title)
			}
		}
	}
	slices.Sort(titles)
	return slices.Compact(titles)
}
