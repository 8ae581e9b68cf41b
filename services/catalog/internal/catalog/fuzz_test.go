package catalog

import (
	"errors"
	"os"
	"strings"
	"testing"

	"souk/platform/field"
)

// FuzzCursor checks that a cursor leads back to its position with its own query only, and that no other text is accepted.
func FuzzCursor(f *testing.F) {
	const id = "0198a000-0000-7000-8000-00000000000c"
	q := Query{Text: "lamp", Sort: ByTitle}
	good, err := q.cursor(Position{Key: "Lamp", ID: id})
	if err != nil {
		f.Fatal(err)
	}
	for _, cursor := range []string{"", good, good + "=", strings.ToUpper(good), good[1:], "e30", "bnVsbA"} {
		f.Add("lamp", "Lamp", cursor)
	}
	f.Add(strings.Repeat("<", maxQuery), strings.Repeat("\u2028", maxTitle), "")
	f.Fuzz(func(t *testing.T, text, key, cursor string) {
		q := Query{Text: text, Sort: ByTitle}
		if err := q.start(cursor); err != nil && !errors.Is(err, ErrBadCursor) {
			t.Errorf("%q: %v", cursor, err)
		}
		if q.After != nil {
			if same, err := q.cursor(*q.After); err != nil || same != cursor {
				t.Errorf("%q was read as %+v, whose cursor is %q (%v)", cursor, *q.After, same, err)
			}
		}
		var check field.Checker
		checkLine(&check, "q", text, maxQuery)
		checkLine(&check, "title", key, maxTitle)
		if check.Err() != nil {
			return // no query or product has such values
		}
		at := Position{Key: key, ID: id}
		taken, err := q.cursor(at)
		if err != nil {
			t.Fatal(err)
		}
		if err := q.start(taken); err != nil || *q.After != at {
			t.Errorf("the cursor %q of %+v leads to %+v: %v", taken, at, q.After, err)
		}
		other := Query{Text: text + "x", Sort: ByTitle}
		if err := other.start(taken); !errors.Is(err, ErrBadCursor) {
			t.Errorf("a cursor of %q serves %q: %v", text, other.Text, err)
		}
	})
}

// FuzzCSV checks that a file is either refused or parsed into valid products.
func FuzzCSV(f *testing.F) {
	for _, name := range []string{"testdata/products.csv", "testdata/broken.csv"} {
		content, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	for _, text := range []string{
		"", "Handle,Title", "\uFEFFHandle,Title\n\"a", "Handle,Title,Variant Price\na,A,1\na,,2\n", "handle, TITLE ,Handle\na,b\n",
		"Handle,Title,Variant Price,Variant SKU,Image Src,Image Position,Variant Grams,Variant Inventory Qty\na,A,1,X,http://x,-1,1e3,-0.0\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		file, err := parseCSV(content, "GBP")
		var invalid *field.Error
		if err != nil {
			if !errors.As(err, &invalid) {
				t.Errorf("%v", err)
			}
			return
		}
		skus := 0
		for _, d := range file.drafts {
			skus += len(d.variants)
			if err := d.content().check(); err != nil {
				t.Errorf("line %d became %+v: %v", d.line, d.content(), err)
			}
		}
		if skus != len(file.lines) {
			t.Errorf("%d variants with %d SKUs", skus, len(file.lines))
		}
		for _, e := range file.rowErrors() {
			if e.Line < 1 || e.Message == "" {
				t.Errorf("row error %+v", e)
			}
		}
	})
}
