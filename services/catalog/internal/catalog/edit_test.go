package catalog_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"souk/platform/field"

	"souk/services/catalog/internal/catalog"
)

func TestSlugsAndSKUsBelongToOneProduct(t *testing.T) {
	t.Parallel()
	s := setup(t)
	first := create(t, s, product("Brass Lamp", 100))
	second := product("Brass Lamp", 100)
	second.Variants[0].SKU = "OTHER"
	if got := create(t, s, second); first.Slug != "brass-lamp" || got.Slug != "brass-lamp-2" {
		t.Errorf("slugs = %s, %s; want brass-lamp, brass-lamp-2", first.Slug, got.Slug)
	}
	second.Slug, second.Variants[0].SKU = "brass-lamp", "THIRD"
	if _, err := s.Create(t.Context(), second); !errors.Is(err, catalog.ErrSlugTaken) {
		t.Errorf("a taken slug: %v, want ErrSlugTaken", err)
	}
	var taken *catalog.SKUTakenError
	if _, err := s.Create(t.Context(), catalog.Content{Title: "New", Variants: first.Variants}); !errors.As(err, &taken) || taken.SKU != "BRASS-LAMP" {
		t.Errorf("a taken SKU: %v, want *SKUTakenError of BRASS-LAMP", err)
	}
}

func TestUpdateChecksTheVersionAndWithdrawTakesOffSale(t *testing.T) {
	t.Parallel()
	s := setup(t)
	p := create(t, s, product("Lamp", 100))
	renamed, err := s.Update(t.Context(), p.ID, p.Version, func(c *catalog.Content) { c.Title = "Big lamp" })
	if err != nil || renamed.Version != p.Version+1 {
		t.Fatal(renamed.Version, err)
	}
	if _, err := s.Update(t.Context(), p.ID, p.Version, func(c *catalog.Content) { c.Title = "Late" }); !errors.Is(err, catalog.ErrVersionMismatch) {
		t.Errorf("update of an old version: %v, want ErrVersionMismatch", err)
	}
	for _, name := range []string{p.ID, p.Slug} {
		if got, err := s.Product(t.Context(), name); err != nil || got.Title != "Big lamp" || len(got.Variants) != 1 {
			t.Errorf("Product(%s) = %+v, %v", name, got, err)
		}
	}
	if err := s.Withdraw(t.Context(), p.ID); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{p.ID, p.Slug, uuid.NewString(), "no such", "\x00", "nothing"} {
		if _, err := s.Product(t.Context(), name); !errors.Is(err, catalog.ErrNotFound) {
			t.Errorf("Product(%q): %v, want ErrNotFound", name, err)
		}
	}
	if variants, err := s.Variants(t.Context(), []string{"LAMP"}); err != nil || len(variants) != 1 || variants[0].Status != catalog.Withdrawn {
		t.Errorf("variants of a withdrawn product: %+v, %v; want one that is withdrawn", variants, err)
	}
}

func TestTextIsNormalized(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for i, brand := range []string{"Café Nord", "  Café Nord ", "Cafe\u0301  Nord", "Café\u00a0Nord"} {
		content := product("Lamp", 100)
		content.Brand, content.Category, content.Tags = brand, "Table "+brand, []string{"new", " new", "old"}
		content.Variants[0] = catalog.Variant{
			SKU: fmt.Sprint("LAMP-", i), Title: " Large ", Price: 100, Options: []catalog.Option{{Name: "Size ", Value: " L"}},
		}
		got := create(t, s, content)
		if got.Brand != "Café Nord" || got.Category != "Table Café Nord" || !slices.Equal(got.Tags, []string{"new", "old"}) {
			t.Errorf("brand %q is written as %q, category %q, tags %q", brand, got.Brand, got.Category, got.Tags)
		}
		if v := got.Variants[0]; v.Title != "Large" || v.Options[0] != (catalog.Option{Name: "Size", Value: "L"}) {
			t.Errorf("the variant is written as %+v", v)
		}
	}
	page, err := s.List(t.Context(), catalog.Query{Brand: "Cafe\u0301 Nord "}, "", true)
	if err != nil || len(page.Products) != 4 {
		t.Fatalf("list by brand: %d products, %v", len(page.Products), err)
	}
	for _, facet := range page.Facets {
		if len(facet.Values) != 1 || facet.Values[0].Count != 4 {
			t.Errorf("facet %s = %v, want one value with 4 products", facet.Field, facet.Values)
		}
	}
	content := product("Lamp", 100)
	content.Variants[0].SKU = "TWICE"
	content.Variants[0].Options = []catalog.Option{{Name: "Size", Value: "L"}, {Name: "Size ", Value: "M"}}
	var invalid *field.Error
	if _, err := s.Create(t.Context(), content); !errors.As(err, &invalid) || invalid.Violations[0].Field != "variants[0].options" {
		t.Errorf("an option named twice: %v", err)
	}
}

func TestErrorsOfInvalidContentNameTheFields(t *testing.T) {
	t.Parallel()
	s := setup(t)
	content := catalog.Content{
		Title: " ", Slug: "Not A Slug", Tags: []string{"a\x00"}, Images: []catalog.Image{{URL: "javascript:alert(1)"}},
		Variants: []catalog.Variant{{SKU: "A\n", Price: -1, Weight: -1}, {SKU: "X"}, {SKU: "X"}},
	}
	_, err := s.Create(t.Context(), content)
	var invalid *field.Error
	if !errors.As(err, &invalid) {
		t.Fatalf("err = %v, want a *field.Error", err)
	}
	var got []string
	for _, v := range invalid.Violations {
		got = append(got, v.Field)
	}
	want := []string{"slug", "title", "tags[0]", "tags[0]", "images[0].url", "variants[0].sku", "variants[0].price.amount", "variants[0].weight_grams", "variants[2].sku"}
	if !slices.Equal(got, want) {
		t.Errorf("fields = %v, want %v", got, want)
	}
}

func TestProductsCreatedConcurrentlyGetDifferentSlugs(t *testing.T) {
	t.Parallel()
	s := setup(t)
	const products = 8
	var group sync.WaitGroup
	for i := range products {
		group.Go(func() {
			c := product("Lamp", 100)
			c.Variants[0].SKU = fmt.Sprint("LAMP-", i)
			if _, err := s.Create(t.Context(), c); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for _, slug := range []string{"lamp", "lamp-2", fmt.Sprint("lamp-", products)} {
		if _, err := s.Product(t.Context(), slug); err != nil {
			t.Errorf("%s: %v", slug, err)
		}
	}
}

func TestALongSlugIsCutToMakeRoomForItsNumber(t *testing.T) {
	t.Parallel()
	s := setup(t)
	// The slug is cut at a hyphen to make room for the number.
	title := strings.Repeat("a", 117) + " " + strings.Repeat("b", 30)
	for _, want := range []string{strings.Repeat("a", 117) + "-bb", strings.Repeat("a", 117) + "-2"} {
		c := product(title, 1)
		c.Variants[0].SKU = want[len(want)-3:]
		if got := create(t, s, c); got.Slug != want {
			t.Errorf("slug = %s, want %s", got.Slug, want)
		}
	}
}

func TestConcurrentEditsOfAnyVersionAllSucceedAndOfOneVersionOnlyOne(t *testing.T) {
	t.Parallel()
	s := setup(t)
	p := create(t, s, product("Lamp", 100))
	const editors = 6
	edit := func(version int64) (won int) {
		var group sync.WaitGroup
		errs := make([]error, editors)
		for i := range editors {
			group.Go(func() {
				_, errs[i] = s.Update(t.Context(), p.ID, version, func(c *catalog.Content) { c.Tags = append(c.Tags, fmt.Sprint(version, "-", i)) })
			})
		}
		group.Wait()
		for _, err := range errs {
			if err == nil {
				won++
			} else if !errors.Is(err, catalog.ErrVersionMismatch) {
				t.Error(err)
			}
		}
		return won
	}
	if won := edit(p.Version); won != 1 {
		t.Errorf("%d edits of version %d went in, want 1", won, p.Version)
	}
	if won := edit(0); won != editors {
		t.Errorf("%d edits of any version went in, want %d", won, editors)
	}
	if got, err := s.Product(t.Context(), p.ID); err != nil || len(got.Tags) != 1+editors || got.Version != p.Version+1+editors {
		t.Errorf("tags %v at version %d, %v; want one of each edit", got.Tags, got.Version, err)
	}
}

func TestAWithdrawnProductIsNotFoundAnywhere(t *testing.T) {
	t.Parallel()
	s := setup(t)
	c := product("Lamp", 100)
	c.Category, c.Brand = "Lamps", "Atlas"
	p := create(t, s, c)
	for range 2 {
		if err := s.Withdraw(t.Context(), p.ID); err != nil {
			t.Fatalf("withdraw: %v", err)
		}
	}
	page, err := s.List(t.Context(), catalog.Query{Text: "lamp"}, "", true)
	if err != nil || len(page.Products) != 0 || fmt.Sprint(page.Facets) != "[{category []} {brand []}]" {
		t.Errorf("list: %+v, %v", page, err)
	}
	if categories, err := s.Categories(t.Context()); err != nil || len(categories) != 0 {
		t.Errorf("categories: %v, %v", categories, err)
	}
	if _, err := s.Update(t.Context(), p.ID, 0, func(*catalog.Content) {}); !errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("update: %v, want ErrNotFound", err)
	}
	for _, id := range []string{uuid.NewString(), "urn:uuid:" + p.ID, strings.ReplaceAll(p.ID, "-", ""), "", "\x00", "lamp"} {
		if err := s.Withdraw(t.Context(), id); !errors.Is(err, catalog.ErrNotFound) {
			t.Errorf("withdraw %q: %v, want ErrNotFound", id, err)
		}
		if _, err := s.Update(t.Context(), id, 0, func(*catalog.Content) {}); !errors.Is(err, catalog.ErrNotFound) {
			t.Errorf("update %q: %v, want ErrNotFound", id, err)
		}
	}
	again := product("Lamp", 100)
	again.Slug = "lamp"
	if _, err := s.Create(t.Context(), again); !errors.Is(err, catalog.ErrSlugTaken) {
		t.Errorf("the slug of a withdrawn product: %v, want ErrSlugTaken", err)
	}
}

func TestASlugMayBeHexadecimalButNotAnID(t *testing.T) {
	t.Parallel()
	s := setup(t)
	c := product("Lamp", 100)
	c.Slug = strings.ReplaceAll(uuid.NewString(), "-", "")
	create(t, s, c)
	if _, err := s.Product(t.Context(), c.Slug); err != nil {
		t.Errorf("Product(%s): %v", c.Slug, err)
	}
	c.Slug = uuid.NewString()
	var invalid *field.Error
	if _, err := s.Create(t.Context(), c); !errors.As(err, &invalid) || invalid.Violations[0].Field != "slug" {
		t.Errorf("a slug like an id: %v, want a violation of slug", err)
	}
}

func TestAProductAtAllLimitsIsAccepted(t *testing.T) {
	t.Parallel()
	s := setup(t)
	c := catalog.Content{
		Slug: strings.Repeat("s", 120), Title: strings.Repeat("文", 200), Brand: strings.Repeat("b", 100), Category: strings.Repeat("c", 100),
	}
	for i := range 4000 {
		c.Description += fmt.Sprintf("%04x ", i)
	}
	for i := range 50 {
		c.Tags = append(c.Tags, fmt.Sprintf("%050d", i))
		c.Images = append(c.Images, catalog.Image{URL: fmt.Sprintf("https://i.example/%02030d", i), Alt: strings.Repeat("é", 500)})
	}
	for i := range 2000 {
		c.Variants = append(c.Variants, catalog.Variant{
			SKU: fmt.Sprintf("%0100d", i), Title: fmt.Sprintf("%s%04d", strings.Repeat("文 ", 98), i), Price: 1_000_000_000_000, Weight: 1_000_000,
			Options: []catalog.Option{{Name: "A", Value: "1"}, {Name: "B", Value: "2"}, {Name: "C", Value: strings.Repeat("v", 100)}},
		})
	}
	p := create(t, s, c)
	got, err := s.Product(t.Context(), p.ID)
	if err != nil || len(got.Variants) != 2000 || got.Variants[1999].SKU != c.Variants[1999].SKU || len(got.Images) != 50 {
		t.Errorf("%d variants, %d images, %v", len(got.Variants), len(got.Images), err)
	}
	c.Tags = slices.Repeat([]string{" "}, 10_000)
	c.Variants = append(c.Variants, catalog.Variant{})
	var invalid *field.Error
	if _, err := s.Create(t.Context(), c); !errors.As(err, &invalid) || len(invalid.Violations) != 1+50+1 {
		t.Errorf("past the bounds: %.300v, want violations of tags, its first 50, and variants", err)
	}
}
