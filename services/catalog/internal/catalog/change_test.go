package catalog_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"souk/platform/field"

	"souk/services/catalog/internal/catalog"
)

func unchanged(*catalog.Content) {}

// sized creates a product with variants S, M and L.
func sized(t *testing.T, s *catalog.Service) catalog.Product {
	t.Helper()
	content := catalog.Content{Title: "Lamp"}
	for i, size := range []string{"S", "M", "L"} {
		content.Variants = append(content.Variants, catalog.Variant{
			SKU: size, Title: size, Price: int64(100 * (i + 1)), Weight: 5, Options: []catalog.Option{{Name: "Size", Value: size}},
		})
	}
	return create(t, s, content)
}

func priced(sku string, price int64) catalog.VariantChange {
	return catalog.VariantChange{SKU: sku, Priced: true, Apply: func(v *catalog.Variant) { v.Price = price }}
}

func TestVariantsAreChangedAddedAndRemovedOneByOne(t *testing.T) {
	t.Parallel()
	s := setup(t)
	p := sized(t, s)
	retitled := func(c *catalog.Content) { c.Title = "Big lamp" }
	changed, err := s.UpdateVariants(t.Context(), p.ID, p.Version, retitled, []catalog.VariantChange{
		priced("XL", 900), {SKU: "M", Removed: true}, priced("L", 250), priced("Cafe\u0301", 50),
	})
	if err != nil {
		t.Fatal(err)
	}
	read, err := s.Product(t.Context(), p.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range []catalog.Product{changed, read} {
		if want := "[{S S [{Size S}] 100 5} {L L [{Size L}] 250 5} {XL  [] 900 0} {Café  [] 50 0}]"; inFile(got.Variants) != want || got.Title != "Big lamp" || got.Version != 2 {
			t.Errorf("%+v, want %s", got.Content, want)
		}
	}
	if _, err := s.UpdateVariants(t.Context(), p.ID, p.Version, unchanged, []catalog.VariantChange{priced("S", 1)}); !errors.Is(err, catalog.ErrVersionMismatch) {
		t.Errorf("a change of an old version: %v", err)
	}
	if changed, err = s.UpdateVariants(t.Context(), p.ID, 0, unchanged, []catalog.VariantChange{priced("Caf\u00e9", 60)}); err != nil || len(changed.Variants) != 4 || changed.Variants[3].Price != 60 {
		t.Errorf("the SKU in another Unicode form: %+v, %v", changed.Variants, err)
	}
}

func TestErrorsOfChangesNameThePlaceOfTheChange(t *testing.T) {
	t.Parallel()
	s := setup(t)
	p := sized(t, s)
	create(t, s, product("Other", 100))
	gone := func(sku string) catalog.VariantChange { return catalog.VariantChange{SKU: sku, Removed: true} }
	unpriced := func(sku string) catalog.VariantChange {
		return catalog.VariantChange{SKU: sku, Apply: func(v *catalog.Variant) { v.Weight = -1 }}
	}
	for want, changes := range map[string][]catalog.VariantChange{
		"[variants]":                            {},
		"[variants[1].price]":                   {priced("S", 1), unpriced("NEW")},
		"[variants[0].price.amount]":            {priced("L", -1)},
		"[variants[1].weight_grams]":            {gone("S"), unpriced("L")},
		"[variants[1].sku]":                     {priced("L", 1), priced("L", 2)},
		"[variants[1].sku variants[2].sku]":     {priced("N", 1), gone("N"), gone("NOTHING")},
		"[variants[2].sku]":                     {gone("S"), gone("M"), priced("\n", 1)},
		"[variants[0].price variants[1].price]": {unpriced("A"), unpriced("B")},
	} {
		_, err := s.UpdateVariants(t.Context(), p.ID, 0, unchanged, changes)
		var invalid *field.Error
		if !errors.As(err, &invalid) {
			t.Errorf("%v, want %s", err, want)
			continue
		}
		var fields []string
		for _, v := range invalid.Violations {
			fields = append(fields, v.Field)
		}
		if fmt.Sprint(fields) != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	var invalid *field.Error
	_, err := s.UpdateVariants(t.Context(), p.ID, 0, unchanged, []catalog.VariantChange{gone("S"), gone("M"), gone("L")})
	if !errors.As(err, &invalid) || invalid.Violations[0].Field != "variants" {
		t.Errorf("the removal of all: %v", err)
	}
	var taken *catalog.SKUTakenError
	_, err = s.UpdateVariants(t.Context(), p.ID, 0, unchanged, []catalog.VariantChange{gone("S"), priced("OTHER", 1)})
	if !errors.As(err, &taken) || taken.Variant != 1 || taken.SKU != "OTHER" {
		t.Errorf("a SKU of another product: %v", err)
	}
	_, err = s.UpdateVariants(t.Context(), p.ID, 0, func(c *catalog.Content) { c.Title = "" }, []catalog.VariantChange{priced("S", 1)})
	if !errors.As(err, &invalid) || invalid.Violations[0].Field != "title" {
		t.Errorf("no title: %v", err)
	}
	if read, err := s.Product(t.Context(), p.ID); err != nil || read.Version != 1 || len(read.Variants) != 3 {
		t.Errorf("after all the errors: %+v, %v", read, err)
	}
}

func TestConcurrentChangesOfVariantsLoseNone(t *testing.T) {
	t.Parallel()
	s := setup(t)
	p := sized(t, s)
	errs := make(chan error)
	skus := []string{"S", "M", "L", "XL"}
	for _, sku := range skus {
		go func() {
			_, err := s.UpdateVariants(t.Context(), p.ID, 0, unchanged, []catalog.VariantChange{priced(sku, 777)})
			errs <- err
		}()
	}
	for range skus {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	read, err := s.Product(t.Context(), p.ID)
	if err != nil || len(read.Variants) != 4 || slices.ContainsFunc(read.Variants, func(v catalog.Variant) bool { return v.Price != 777 }) {
		t.Errorf("%+v, %v", read.Variants, err)
	}
}
