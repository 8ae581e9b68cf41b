package catalog_test

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"souk/platform/field"

	"souk/services/catalog/internal/catalog"
)

// lamps creates a lamp of each status.
func lamps(t *testing.T, s *catalog.Service) map[catalog.Status]catalog.Product {
	t.Helper()
	tomorrow := time.Now().Add(24 * time.Hour).Truncate(time.Second)
	byStatus := map[catalog.Status]catalog.Product{}
	for _, status := range []catalog.Status{catalog.Active, catalog.Unlisted, catalog.Draft, catalog.Scheduled} {
		c := product(string(status)+" lamp", 100)
		c.Category, c.Brand, c.Status = "Lamps", "Atlas", status
		if status == catalog.Scheduled {
			c.PublishAt = &tomorrow
		}
		byStatus[status] = create(t, s, c)
	}
	c := product("withdrawn lamp", 100)
	c.Category, c.Brand = "Lamps", "Atlas"
	byStatus[catalog.Withdrawn] = create(t, s, c)
	if err := s.Withdraw(t.Context(), byStatus[catalog.Withdrawn].ID); err != nil {
		t.Fatal(err)
	}
	return byStatus
}

func TestOnlyActiveProductsAreListedAndUnlistedOnesHaveAPage(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for status, p := range lamps(t, s) {
		for _, name := range []string{p.ID, p.Slug} {
			got, err := s.Product(t.Context(), name)
			if status.OnSale() && (err != nil || got.Status != status) || !status.OnSale() && !errors.Is(err, catalog.ErrNotFound) {
				t.Errorf("%s: the page of %s: %s, %v", status, name, got.Status, err)
			}
		}
		if got, err := s.Variants(t.Context(), []string{p.Variants[0].SKU}); err != nil || len(got) != 1 || got[0].Status != status {
			t.Errorf("%s: variants %+v, %v", status, got, err)
		}
		if got, err := s.AnyProduct(t.Context(), p.ID); err != nil || got.Status != status || (got.PublishAt != nil) != (status == catalog.Scheduled) {
			t.Errorf("%s: for staff: %s at %v, %v", status, got.Status, got.PublishAt, err)
		}
	}
	low, high := int64(1), int64(1000)
	for name, query := range map[string]catalog.Query{
		"all": {}, "a search": {Text: "lamp"}, "a typo": {Text: "lampp"}, "a title": {Text: "unlisted -lamp"}, "a category": {Category: "lamps"},
		"a brand": {Brand: "Atlas"}, "prices": {MinPrice: &low, MaxPrice: &high}, "by title": {Sort: catalog.ByTitle}, "by price": {Sort: catalog.PriceAsc},
	} {
		page, err := s.List(t.Context(), query, "", true)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"active lamp"}
		if name == "a title" {
			want = nil
		}
		if !slices.Equal(titles(page), want) {
			t.Errorf("%s: %q, want %q", name, titles(page), want)
		}
		for _, facet := range page.Facets {
			if len(facet.Values) != len(want) || len(want) > 0 && facet.Values[0].Count != 1 {
				t.Errorf("%s: facet %+v, want the active product alone", name, facet)
			}
		}
	}
	if categories, err := s.Categories(t.Context()); err != nil || len(categories) != 1 || categories[0].Products != 1 {
		t.Errorf("categories %+v, %v; want one product", categories, err)
	}
}

func TestAnEditChangesTheStatus(t *testing.T) {
	t.Parallel()
	s := setup(t)
	p := create(t, s, product("Lamp", 100))
	tomorrow := time.Now().Add(24 * time.Hour).Truncate(time.Microsecond)
	for _, step := range []struct {
		status    catalog.Status
		publishAt *time.Time
	}{
		{catalog.Draft, nil}, {catalog.Scheduled, &tomorrow}, {catalog.Unlisted, nil}, {catalog.Scheduled, &tomorrow}, {catalog.Draft, nil}, {catalog.Active, nil},
	} {
		var err error
		p, err = s.Update(t.Context(), p.ID, p.Version, func(c *catalog.Content) { c.Status, c.PublishAt = step.status, step.publishAt })
		if err != nil {
			t.Fatalf("to %s: %v", step.status, err)
		}
		got, err := s.AnyProduct(t.Context(), p.ID)
		if err != nil || got.Status != step.status || (step.publishAt == nil) != (got.PublishAt == nil) || got.PublishAt != nil && !got.PublishAt.Equal(tomorrow) {
			t.Errorf("%s at %v, %v; want %s", got.Status, got.PublishAt, err, step.status)
		}
		if _, err := s.Product(t.Context(), p.ID); (err == nil) != step.status.OnSale() {
			t.Errorf("%s: the page: %v", step.status, err)
		}
	}
}

func TestAStatusThatCannotBeNamesItsField(t *testing.T) {
	t.Parallel()
	s := setup(t)
	past, future := time.Now().Add(-time.Second), time.Now().Add(time.Hour)
	p := create(t, s, product("Lamp", 100))
	for name, test := range map[string]struct {
		status    catalog.Status
		publishAt *time.Time
		field     string
	}{
		"unknown":                     {"hidden", nil, "status"},
		"scheduled without a time":    {catalog.Scheduled, nil, "publish_at"},
		"scheduled for the past":      {catalog.Scheduled, &past, "publish_at"},
		"a time for an active one":    {catalog.Active, &future, "publish_at"},
		"a time for a draft":          {catalog.Draft, &future, "publish_at"},
		"a time for an unlisted one":  {catalog.Unlisted, &future, "publish_at"},
		"a time for one without more": {"", &future, "publish_at"},
	} {
		c := product(name, 100)
		c.Status, c.PublishAt = test.status, test.publishAt
		_, created := s.Create(t.Context(), c)
		_, updated := s.Update(t.Context(), p.ID, 0, func(c *catalog.Content) { c.Status, c.PublishAt = test.status, test.publishAt })
		for _, err := range []error{created, updated} {
			var invalid *field.Error
			if !errors.As(err, &invalid) || len(invalid.Violations) != 1 || invalid.Violations[0].Field != test.field {
				t.Errorf("%s: %v, want a violation of %s", name, err, test.field)
			}
		}
	}
}

func TestAWithdrawnProductIsRestored(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for status, p := range lamps(t, s) {
		want := cmp.Or(map[catalog.Status]catalog.Status{catalog.Withdrawn: catalog.Active}[status], status)
		for range 2 {
			got, err := s.Restore(t.Context(), strings.ToUpper(p.ID))
			version := map[bool]int64{true: 3, false: 1}[status == catalog.Withdrawn]
			if err != nil || got.Status != want || got.Version != version {
				t.Errorf("%s: %s at version %d, %v; want %s at %d", status, got.Status, got.Version, err, want, version)
			}
		}
		if err := s.Withdraw(t.Context(), p.ID); err != nil {
			t.Fatal(err)
		}
		if got, err := s.AnyProduct(t.Context(), p.ID); err != nil || got.Status != catalog.Withdrawn || got.PublishAt != nil {
			t.Errorf("%s withdrawn: %s, %v", status, got.Status, err)
		}
	}
	for _, id := range []string{uuid.NewString(), "", "lamp", "\x00"} {
		_, restored := s.Restore(t.Context(), id)
		_, read := s.AnyProduct(t.Context(), id)
		if !errors.Is(restored, catalog.ErrNotFound) || !errors.Is(read, catalog.ErrNotFound) {
			t.Errorf("%q: %v, %v; want ErrNotFound", id, restored, read)
		}
	}
}

// listAll pages through the list of staff, one product a page.
func listAll(t *testing.T, s *catalog.Service, query catalog.AnyQuery) (titles []string) {
	t.Helper()
	query.Limit = 1
	for {
		page, next, err := s.ListAll(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page {
			titles = append(titles, p.Title)
		}
		if query.After = next; next == "" {
			return titles
		}
	}
}

func TestStaffListProductsOfEveryStatus(t *testing.T) {
	t.Parallel()
	s := setup(t)
	lamps(t, s)
	load(t, s, "Handle,Title,Variant SKU,Variant Price\nHand Made,Rug,RUG-1,1\n")
	newest := []string{"Rug", "withdrawn lamp", "scheduled lamp", "draft lamp", "unlisted lamp", "active lamp"}
	for name, test := range map[string]struct {
		query catalog.AnyQuery
		want  []string
	}{
		"all":                 {catalog.AnyQuery{}, newest},
		"words":               {catalog.AnyQuery{Text: "lamp"}, newest[1:]},
		"a title":             {catalog.AnyQuery{Text: "Draft Lamp"}, []string{"draft lamp"}},
		"a SKU":               {catalog.AnyQuery{Text: "SCHEDULED-LAMP"}, []string{"scheduled lamp"}},
		"a slug":              {catalog.AnyQuery{Text: "withdrawn-lamp"}, []string{"withdrawn lamp"}},
		"a handle":            {catalog.AnyQuery{Text: "Hand Made"}, []string{"Rug"}},
		"nothing":             {catalog.AnyQuery{Text: "zebra"}, nil},
		"a dash":              {catalog.AnyQuery{Text: "-"}, nil},
		"words and a status":  {catalog.AnyQuery{Text: "lamp", Status: catalog.Draft}, []string{"draft lamp"}},
		"a SKU, other status": {catalog.AnyQuery{Text: "RUG-1", Status: catalog.Draft}, nil},
	} {
		if got := listAll(t, s, test.query); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	for _, status := range []catalog.Status{catalog.Unlisted, catalog.Draft, catalog.Scheduled, catalog.Withdrawn} {
		if got, want := listAll(t, s, catalog.AnyQuery{Status: status}), string(status)+" lamp"; !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %q, want %s", status, got, want)
		}
	}
	for _, after := range []string{"x", uuid.NewString()} {
		if _, _, err := s.ListAll(t.Context(), catalog.AnyQuery{After: after}); !errors.Is(err, catalog.ErrBadCursor) {
			t.Errorf("after %q: %v, want ErrBadCursor", after, err)
		}
	}
	for name, query := range map[string]catalog.AnyQuery{"limit": {Limit: 101}, "q": {Text: "a\nb"}} {
		var invalid *field.Error
		if _, _, err := s.ListAll(t.Context(), query); !errors.As(err, &invalid) || invalid.Violations[0].Field != name {
			t.Errorf("%+v: %v, want a violation of %s", query, err, name)
		}
	}
}

// statusAfter imports a product with the cells of Published and Status, and returns its status.
func statusAfter(t *testing.T, s *catalog.Service, handle, published, status string) catalog.Status {
	t.Helper()
	load(t, s, fmt.Sprintf("Handle,Title,Variant SKU,Variant Price,Published,Status\n%s,Lamp,%s,1,%s,%s\n", handle, handle, published, status))
	page, _, err := s.ListAll(t.Context(), catalog.AnyQuery{Text: handle})
	if err != nil || len(page) != 1 {
		t.Fatalf("%s: %d products, %v", handle, len(page), err)
	}
	return page[0].Status
}

func TestAFileSaysTheStatus(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for i, test := range []struct {
		published, status string
		want              catalog.Status
		// kept are the statuses of existing products that stay as they are.
		kept []catalog.Status
	}{
		{"", "", catalog.Active, []catalog.Status{catalog.Active, catalog.Unlisted, catalog.Draft, catalog.Scheduled, catalog.Withdrawn}},
		{"true", "", catalog.Active, []catalog.Status{catalog.Active, catalog.Unlisted}},
		{"true", "active", catalog.Active, nil},
		{"true", "unlisted", catalog.Unlisted, nil},
		{"", "unlisted", catalog.Unlisted, nil},
		{"true", "draft", catalog.Draft, nil},
		{"false", "draft", catalog.Draft, nil},
		{"true", "archived", catalog.Withdrawn, nil},
		{"false", "archived", catalog.Withdrawn, nil},
		{"false", "", catalog.Draft, []catalog.Status{catalog.Draft, catalog.Scheduled, catalog.Withdrawn}},
		{"false", "active", catalog.Draft, []catalog.Status{catalog.Draft, catalog.Scheduled, catalog.Withdrawn}},
		{"false", "unlisted", catalog.Draft, []catalog.Status{catalog.Draft, catalog.Scheduled, catalog.Withdrawn}},
		{"perhaps", "active", catalog.Draft, []catalog.Status{catalog.Active, catalog.Unlisted, catalog.Draft, catalog.Scheduled, catalog.Withdrawn}},
	} {
		name := fmt.Sprintf("new%d", i)
		if got := statusAfter(t, s, name, test.published, test.status); got != test.want {
			t.Errorf("a new product with %q, %q is %s, want %s", test.published, test.status, got, test.want)
		}
		for _, before := range []catalog.Status{catalog.Active, catalog.Unlisted, catalog.Draft, catalog.Scheduled, catalog.Withdrawn} {
			name := fmt.Sprintf("%s%d", before, i)
			statusAfter(t, s, name, "", map[catalog.Status]string{catalog.Unlisted: "unlisted", catalog.Draft: "draft", catalog.Withdrawn: "archived"}[before])
			if before == catalog.Scheduled {
				page, _, err := s.ListAll(t.Context(), catalog.AnyQuery{Text: name})
				if err != nil {
					t.Fatal(err)
				}
				tomorrow := time.Now().Add(24 * time.Hour)
				if _, err := s.Update(t.Context(), page[0].ID, 0, func(c *catalog.Content) { c.Status, c.PublishAt = before, &tomorrow }); err != nil {
					t.Fatal(err)
				}
			}
			want := test.want
			if slices.Contains(test.kept, before) {
				want = before
			}
			if got := statusAfter(t, s, name, test.published, test.status); got != want {
				t.Errorf("a product that is %s with %q, %q becomes %s, want %s", before, test.published, test.status, got, want)
			}
		}
	}
}

func TestAnExportKeepsTheStatuses(t *testing.T) {
	t.Parallel()
	s, other := setup(t), setup(t)
	before := lamps(t, s)
	file := export(t, s)
	if again := load(t, s, file); again.Created+again.Updated+len(again.Errors)+len(again.Warnings) != 0 {
		t.Errorf("the import of the export: %+v; want no change", again)
	}
	clean(t, load(t, other, file))
	for status, p := range before {
		same, err := s.AnyProduct(t.Context(), p.ID)
		if err != nil || same.Status != status || (same.PublishAt == nil) != (p.PublishAt == nil) {
			t.Errorf("%s became %s at %v, %v", status, same.Status, same.PublishAt, err)
		}
		want := status
		if status == catalog.Scheduled {
			want = catalog.Draft // a file has no time of publishing
		}
		page, _, err := other.ListAll(t.Context(), catalog.AnyQuery{Text: p.Slug})
		if err != nil || len(page) != 1 || page[0].Status != want {
			t.Errorf("%s in another shop: %+v, %v; want %s", status, page, err, want)
		}
	}
}
