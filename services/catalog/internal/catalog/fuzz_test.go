package catalog

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"souk/platform/field"
)

// FuzzCursor checks that a cursor leads back to its position with its own query only, and that no other text is accepted.
func FuzzCursor(f *testing.F) {
	const id = "0198a000-0000-7000-8000-00000000000c"
	q := Query{Text: "lamp", Sort: ByTitle}
	good, err := cursorAt(&q, Position{Key: "Lamp", ID: id})
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
			if same, err := cursorAt(&q, *q.After); err != nil || same != cursor {
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
		taken, err := cursorAt(&q, at)
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

func cursorAt(q *Query, at Position) (string, error) {
	cursors, err := q.cursors()
	if err != nil {
		return "", err
	}
	return cursors.at(at)
}

// noProducts is a store without products.
type noProducts struct{ Store }

func (noProducts) ByHandles(context.Context, []string, []string) ([]Product, error) { return nil, nil }

func (noProducts) Owners(context.Context, []string) (map[string]Owner, error) { return nil, nil }

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
		file, err := openFile(bytes.NewReader(content), "GBP")
		var invalid *field.Error
		if err != nil {
			if !errors.As(err, &invalid) {
				t.Errorf("%v", err)
			}
			return
		}
		defer file.close()
		run := newImportRun(New(noProducts{}, "GBP"), file)
		if err := errors.Join(run.readAll(t.Context()), run.compareAll(t.Context())); err != nil {
			t.Fatal(err)
		}
		skus, slugs := map[string]bool{}, map[string]bool{}
		err = file.each(t.Context(), &report{}, func() error {
			if err := run.prepare(t.Context()); err != nil {
				return err
			}
			for _, d := range file.drafts {
				checkDraft(t, run, d, skus, slugs)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range append(file.errors.all(), file.warnings.all()...) {
			if p.Line < 1 || p.Record < 1 || p.Message == "" || !utf8.ValidString(p.Value+p.Handle+p.Column+p.Message) {
				t.Errorf("problem %+v", p)
			}
		}
	})
}

// checkDraft checks that a draft becomes a valid product, whose slug and SKUs no other has.
func checkDraft(t *testing.T, run *importRun, d *draft, skus, slugs map[string]bool) {
	c := run.merge(d, Product{}, false)
	if err := c.check(); err != nil || slugs[c.Slug] {
		t.Errorf("line %d became %+v: %v", d.head.Line, c, err)
	}
	slugs[c.Slug] = true
	for _, v := range c.Variants {
		if skus[v.SKU] {
			t.Errorf("two variants have the SKU %q", v.SKU)
		}
		skus[v.SKU] = true
	}
}

// FuzzSlugify checks that a slug is valid, and that it is its own slug.
func FuzzSlugify(f *testing.F) {
	for _, name := range []string{"Brass Lamp", "Café & Bar", "Самовар", "茶器", "İ", "ẞ", "ΛΌΓΟΣ", "e\u0301", "हिन्दी", "\u0301", "a\u3164b", "\xff", "\u0344", "𝔘"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		slug := Slugify(name)
		if slug != "" && !validSlug(slug) {
			t.Errorf("the slug %+q of %+q is not valid", slug, name)
		}
		if again := Slugify(slug); again != slug {
			t.Errorf("%+q becomes %+q and then %+q", name, slug, again)
		}
		if n := numbered(slugOf(name), 100); !validSlug(n) {
			t.Errorf("the hundredth slug %+q of %+q is not valid", n, name)
		}
	})
}
