package catalog_test

import (
	"slices"
	"strings"
	"testing"

	"souk/platform/audit"
	"souk/platform/pgaudit"
	"souk/platform/security"
	"souk/testkit/pgtest"

	"souk/services/catalog/internal/catalog"
	"souk/services/catalog/internal/postgres"
)

func TestEachChangeOfAProductIsInTheAuditLogOnce(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, postgres.Migrations)
	s := catalog.New(postgres.New(pool), "GBP")
	ctx := security.WithActor(t.Context(), security.Actor{Customer: "boss", Staff: true})
	p, err := s.Create(ctx, product("Lamp", 100))
	if err != nil {
		t.Fatal(err)
	}
	rename := func(c *catalog.Content) { c.Title = "Big lamp" }
	if _, err := s.Update(ctx, p.ID, p.Version, rename); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Update(ctx, p.ID, p.Version, rename); err == nil {
		t.Fatal("an old version was changed")
	}
	if _, err := s.Create(ctx, product("Lamp", 100)); err == nil {
		t.Fatal("a SKU was given away twice")
	}
	for range 2 {
		if err := s.Withdraw(ctx, strings.ToUpper(p.ID)); err != nil {
			t.Fatal(err)
		}
	}
	page, _, err := pgaudit.New(pool).List(t.Context(), audit.Filter{Actor: "boss", Limit: 100})
	var got []string
	for _, r := range slices.Backward(page) {
		got = append(got, string(r.Action)+" "+r.Detail["version"])
		if r.Subject != p.ID || r.Kind != audit.Product || r.Actor.Kind != audit.Staff {
			t.Errorf("%+v", r)
		}
	}
	if want := []string{"product_created 1", "product_updated 2", "product_withdrawn 3"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("the log: %q, %v; want %q", got, err, want)
	}
}

func TestAnImportIsInTheAuditLogForWhatItChanges(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, postgres.Migrations)
	s := catalog.New(postgres.New(pool), "GBP")
	for _, title := range []string{"Mug", "Mug", "Large mug"} {
		if _, err := s.Import(t.Context(), strings.NewReader("Handle,Title,Variant SKU,Variant Price\nmug,"+title+",MUG,5.00\n")); err != nil {
			t.Fatal(err)
		}
	}
	page, _, err := pgaudit.New(pool).List(t.Context(), audit.Filter{Limit: 100})
	if err != nil || len(page) != 2 || page[1].Action != audit.ProductCreated || page[0].Action != audit.ProductUpdated {
		t.Errorf("%+v, %v", page, err)
	}
}
