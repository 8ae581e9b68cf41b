package lastgood_test

import (
	"context"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	catalogv1 "souk/proto/gen/souk/catalog/v1"

	"souk/gateway/internal/lastgood"
)

func update(t *testing.T, c *lastgood.Catalog, id, title string) {
	t.Helper()
	if _, err := c.UpdateProduct(t.Context(), &catalogv1.UpdateProductRequest{Id: id, Title: &title}); err != nil {
		t.Error(err)
	}
}

func importAll(t *testing.T, c *lastgood.Catalog) {
	t.Helper()
	stream, err := c.ImportProducts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.CloseAndRecv(); err != nil {
		t.Error(err)
	}
}

func TestRequestsAfterAChangeDoNotJoinEarlierCalls(t *testing.T) {
	t.Parallel()
	for title, change := range map[string]func(*testing.T, *lastgood.Catalog){
		"Better mug": func(t *testing.T, c *lastgood.Catalog) { update(t, c, "mug", "Better mug") },
		"Imported":   importAll,
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { changeInFlight(t, title, change) })
		})
	}
}

// changeInFlight changes the mug's title while a request for the mug is under way.
func changeInFlight(t *testing.T, title string, change func(*testing.T, *lastgood.Catalog)) {
	t.Helper()
	o := newOwner()
	c := remember(o)
	held, older := make(chan struct{}), make(chan shown, 1)
	o.does(func(context.Context) error {
		<-held
		return nil
	})
	go func() { older <- show(t.Context(), c, "mug") }()
	synctest.Wait()
	change(t, c)
	o.fails(nil)
	mustShow(t, c, "mug", title, false)
	close(held)
	if got := <-older; got.title != "Mug" || got.err != nil {
		t.Errorf("the earlier request got %+v", got)
	}
	o.fails(away)
	mustShow(t, c, "mug", title, true)
}

// Readers and a member of staff run concurrently. A read that starts after a change must return that change or a later one.
func TestNoAnswerIsOlderThanTheLastChange(t *testing.T) {
	t.Parallel()
	o := newOwner()
	c := remember(o)
	o.set("mug", "0")
	o.does(func(context.Context) error {
		runtime.Gosched()
		return nil
	})
	stop := make(chan struct{})
	var reading sync.WaitGroup
	for range 4 {
		reading.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					show(t.Context(), c, "mug")
				}
			}
		})
	}
	for n := 1; n <= 2000; n++ {
		update(t, c, "mug", strconv.Itoa(n))
		if got := show(t.Context(), c, "mug"); got.title != strconv.Itoa(n) {
			t.Fatalf("after change %d it shows %+v", n, got)
		}
	}
	close(stop)
	reading.Wait()
}

func TestAChangeDropsTheCachedAnswersAboutIt(t *testing.T) {
	t.Parallel()
	changes := map[string]struct {
		change func(t *testing.T, c *lastgood.Catalog)
		known  string
	}{
		"nothing": {func(*testing.T, *lastgood.Catalog) {}, "mug cup list:mug list:cup categories SKU-mug SKU-cup SKU-jug"},
		"update":  {func(t *testing.T, c *lastgood.Catalog) { update(t, c, "mug", "Better mug") }, "cup list:cup SKU-cup SKU-jug"},
		"withdrawal": {func(t *testing.T, c *lastgood.Catalog) {
			if _, err := c.WithdrawProduct(t.Context(), &catalogv1.WithdrawProductRequest{Id: "mug"}); err != nil {
				t.Error(err)
			}
		}, "cup list:cup SKU-cup SKU-jug"},
		"restoration": {func(t *testing.T, c *lastgood.Catalog) {
			if _, err := c.RestoreProduct(t.Context(), &catalogv1.RestoreProductRequest{Id: "mug"}); err != nil {
				t.Error(err)
			}
		}, "cup list:cup SKU-cup SKU-jug"},
		"new product": {func(t *testing.T, c *lastgood.Catalog) {
			in := &catalogv1.ProductInput{Slug: "jug", Title: "Jug", Variants: []*catalogv1.Variant{{Sku: "SKU-jug"}}}
			if _, err := c.CreateProduct(t.Context(), &catalogv1.CreateProductRequest{Product: in}); err != nil {
				t.Error(err)
			}
		}, "mug cup list:mug list:cup SKU-mug SKU-cup"},
		"import": {importAll, ""},
	}
	for name, test := range changes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOwner()
			c := remember(o)
			if known(t, c) == "" {
				t.Fatal("nothing was answered")
			}
			test.change(t, c)
			o.fails(away)
			if got := known(t, c); got != test.known {
				t.Errorf("the cache still has %q, want %q", got, test.known)
			}
		})
	}
}

// known requests everything and returns the names of the parts that are cached.
func known(t *testing.T, c *lastgood.Catalog) string {
	t.Helper()
	ctx, _ := lastgood.WithMark(t.Context())
	names := ""
	note := func(name string, err error) {
		if err == nil {
			names += " " + name
		} else if status.Code(err) != codes.Unavailable {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, id := range []string{"mug", "cup"} {
		_, err := c.GetProduct(ctx, &catalogv1.GetProductRequest{IdOrSlug: id})
		note(id, err)
	}
	for _, id := range []string{"mug", "cup"} {
		_, err := c.ListProducts(ctx, &catalogv1.ListProductsRequest{Query: id})
		note("list:"+id, err)
	}
	_, err := c.ListCategories(ctx, &catalogv1.ListCategoriesRequest{})
	note("categories", err)
	for _, sku := range []string{"SKU-mug", "SKU-cup", "SKU-jug"} {
		_, err := c.GetVariants(ctx, &catalogv1.GetVariantsRequest{Skus: []string{sku}})
		note(sku, err)
	}
	if names == "" {
		return ""
	}
	return names[1:]
}
