package catalog_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"souk/platform/field"

	"souk/services/catalog/internal/catalog"
)

func TestAVariantAndAProductAreReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	s := setup(t)
	content := product("Lamp", 100)
	content.SEO = catalog.SEO{Title: "  Brass  lamp", Description: "By hand"}
	content.Images = []catalog.Image{{URL: "https://img.example/all.jpg", Width: 1200, Height: 800}}
	content.Variants[0].CompareAt, content.Variants[0].Barcode = new(int64(150)), " 4006381333931 "
	content.Variants[0].Image = &catalog.Image{URL: "https://img.example/lamp.jpg", Alt: "A lamp", Width: 640, Height: 480}
	content.Variants = append(content.Variants, catalog.Variant{SKU: "PLAIN", Price: 100})
	created := create(t, s, content)
	want := content.Variants[0]
	want.Barcode = "4006381333931"
	read, err := s.Product(t.Context(), created.ID)
	if err != nil {
		t.Fatal(err)
	}
	page, err := s.List(t.Context(), catalog.Query{}, "", false)
	if err != nil || len(page.Products) != 1 {
		t.Fatal(page, err)
	}
	for _, p := range []catalog.Product{created, read, page.Products[0]} {
		if !slices.Equal(p.Images, content.Images) {
			t.Errorf("%+v", p.Images)
		}
		if p.SEO != (catalog.SEO{Title: "Brass lamp", Description: "By hand"}) {
			t.Errorf("%+v", p.SEO)
		}
		if v := p.Variants[0]; *v.CompareAt != 150 || v.LowestPrice != nil || v.Barcode != want.Barcode || *v.Image != *want.Image {
			t.Errorf("%+v", v)
		}
		if v := p.Variants[1]; v.CompareAt != nil || v.Barcode != "" || v.Image != nil {
			t.Errorf("%+v", v)
		}
	}
	sold, err := s.Variants(t.Context(), []string{"LAMP", "PLAIN"})
	if err != nil || len(sold) != 2 {
		t.Fatal(sold, err)
	}
	for _, v := range sold {
		if want := map[string]string{"LAMP": "https://img.example/lamp.jpg", "PLAIN": "https://img.example/all.jpg"}[v.SKU]; v.Image.URL != want {
			t.Errorf("%s is shown as %s, want %s", v.SKU, v.Image.URL, want)
		}
	}
	if again, err := s.Product(t.Context(), created.ID); err != nil || !reflect.DeepEqual(again, read) {
		t.Errorf("%+v, %v", again, err)
	}
}

func TestErrorsOfOffersNameTheFields(t *testing.T) {
	t.Parallel()
	s := setup(t)
	content := product("Lamp", 100)
	content.SEO = catalog.SEO{Title: strings.Repeat("a", 201), Description: "a\nb"}
	content.Variants[0].CompareAt, content.Variants[0].Barcode = new(int64(100)), "1\x002"
	content.Variants[0].Image = &catalog.Image{URL: "ftp://img.example/a.jpg", Alt: strings.Repeat("a", 501), Width: -1, Height: 100_001}
	content.Images = []catalog.Image{{URL: "https://img.example/a.jpg", Width: 1200}, {URL: "https://img.example/b.jpg", Height: 800}}
	content.Variants = append(content.Variants,
		catalog.Variant{SKU: "FREE", CompareAt: new(int64(0)), Barcode: strings.Repeat("1", 101)},
		catalog.Variant{SKU: "DEAR", CompareAt: new(int64(1_000_000_000_001))})
	_, err := s.Create(t.Context(), content)
	var invalid *field.Error
	if !errors.As(err, &invalid) {
		t.Fatalf("err = %v, want a *field.Error", err)
	}
	var got []string
	for _, v := range invalid.Violations {
		got = append(got, v.Field)
	}
	want := []string{
		"images[0].height", "images[1].width", "seo.title", "seo.description", "variants[0].compare_at_price", "variants[0].barcode", "variants[0].barcode", "variants[0].image.url",
		"variants[0].image.alt", "variants[0].image.width", "variants[0].image.height", "variants[1].compare_at_price", "variants[1].barcode", "variants[2].compare_at_price",
	}
	if !slices.Equal(got, want) {
		t.Errorf("fields = %v, want %v", got, want)
	}
}
