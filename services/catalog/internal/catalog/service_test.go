package catalog_test

import (
	"strings"
	"testing"

	"souk/testkit/pgtest"

	"souk/services/catalog/internal/catalog"
	"souk/services/catalog/internal/postgres"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func setup(t *testing.T) *catalog.Service {
	t.Helper()
	return catalog.New(postgres.New(pgtest.New(t, postgres.Migrations)), "GBP")
}

func product(title string, price int64) catalog.Content {
	return catalog.Content{Title: title, Variants: []catalog.Variant{{SKU: strings.ToUpper(catalog.Slugify(title)), Price: price}}}
}

func create(t *testing.T, s *catalog.Service, c catalog.Content) catalog.Product {
	t.Helper()
	p, err := s.Create(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func titles(page catalog.Page) []string {
	var out []string
	for _, p := range page.Products {
		out = append(out, p.Title)
	}
	return out
}
