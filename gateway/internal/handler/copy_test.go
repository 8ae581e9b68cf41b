package handler_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	catalogv1 "souk/proto/gen/souk/catalog/v1"
	inventoryv1 "souk/proto/gen/souk/inventory/v1"

	"souk/gateway/internal/feed"
)

const updateOne = catalogv1.CatalogService_UpdateProduct_FullMethodName

// teller is an owner's feed of changes, which reports what the test tells it to.
type teller struct {
	changes *feed.Changes
	news    chan feed.News

	mu     sync.Mutex
	silent bool
	at     uint64
}

func tell(t testing.TB, changes *feed.Changes) *teller {
	t.Helper()
	o := &teller{changes: changes, news: make(chan feed.News)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = changes.Follow(ctx, "products", slog.New(slog.DiscardHandler), o.ask)
	}()
	t.Cleanup(func() { cancel(); <-done })
	eventually(t, "the first answer", func() bool { return changes.Now() != feed.Moment{} })
	return o
}

func (o *teller) ask(ctx context.Context, _ string, wait time.Duration) (feed.News, error) {
	o.mu.Lock()
	silent := o.silent
	o.mu.Unlock()
	if silent {
		return feed.News{}, errors.New("away")
	}
	select {
	case <-ctx.Done():
		return feed.News{}, ctx.Err()
	case news := <-o.news:
		return news, nil
	case <-time.After(min(wait, 10*time.Millisecond)):
		return feed.News{Position: "1", Limits: []int64{1, 6, 50}}, nil
	}
}

// tells reports changes of ids, and waits until the gateway has received them.
func (o *teller) tells(t testing.TB, ids ...string) {
	t.Helper()
	before := o.changes.Now()
	o.at++
	news := feed.News{Position: "1"}
	for _, id := range ids {
		news.Changes = append(news.Changes, feed.Change{ID: id, At: o.at})
	}
	o.news <- news
	eventually(t, "the change is known", func() bool { return !o.changes.Holds(before, ids...) && o.changes.Now() != feed.Moment{} })
}

func (o *teller) falls(t testing.TB) {
	t.Helper()
	o.mu.Lock()
	o.silent = true
	o.mu.Unlock()
	eventually(t, "the silence is noticed", func() bool { return o.changes.Now() == feed.Moment{} })
}

func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within 10 s", what)
		}
	}
}

// told returns a shop with a cache, and the feeds of its owners.
func told(t testing.TB) (s *shop, products, levels *teller) {
	t.Helper()
	s = openWithCopy(t)
	return s, tell(t, s.products), tell(t, s.stock)
}

func TestAProductIsCachedUntilItChanges(t *testing.T) {
	t.Parallel()
	s, products, levels := told(t)
	m := mug()
	sell(s, m)
	available := map[string]int64{"MUG-S": 100, "MUG-L": 4}
	stock(s, available)
	show := func(what string, asked int) reply {
		t.Helper()
		before := s.called(getProduct) + s.called(getLevels)
		r := s.send(t, guest, "GET", "/v1/products/mug", nil)
		r.mustBe(t, 200, "")
		r.mustBeStale(t, false)
		if got := s.called(getProduct) + s.called(getLevels) - before; got != asked {
			t.Errorf("%s: %d calls, want %d", what, got, asked)
		}
		return r
	}
	first := show("first", 2)
	if again := show("again", 0); string(again.body) != string(first.body) || again.header.Get("ETag") != first.header.Get("ETag") {
		t.Errorf("first %s, then %s", first.body, again.body)
	}
	r := s.send(t, guest, "GET", "/v1/products/mug", nil, "If-None-Match", first.header.Get("ETag"))
	if r.status != http.StatusNotModified || len(r.body) != 0 || r.header.Get("ETag") != first.header.Get("ETag") {
		t.Errorf("with the tag: %d %s", r.status, r.body)
	}
	products.tells(t, "p2")
	show("after a change of another product", 0)
	s.mu.Lock()
	m.Title, m.Version = "Better mug", 8
	s.mu.Unlock()
	products.tells(t, "p1")
	if changed := show("after its change", 1); string(changed.body) == string(first.body) {
		t.Errorf("the change is not shown: %s", changed.body)
	}
	levels.tells(t, "OTHER")
	show("after a change of another SKU", 0)
	s.mu.Lock()
	available["MUG-L"] = 0
	s.mu.Unlock()
	levels.tells(t, "MUG-L")
	var view productView
	if show("after a sale", 1).into(t, &view); view.Variants[1].Availability != "out_of_stock" {
		t.Errorf("shows %+v", view)
	}
}

func TestWithoutAFeedNothingIsCached(t *testing.T) {
	t.Parallel()
	s, products, levels := told(t)
	sell(s, mug())
	stock(s, map[string]int64{"MUG-S": 1})
	show := func() reply { return s.send(t, guest, "GET", "/v1/products/mug", nil) }
	show().mustBe(t, 200, "")
	levels.falls(t)
	before := s.called(getLevels)
	for range 2 {
		show().mustBe(t, 200, "")
	}
	if got := s.called(getLevels) - before; got != 2 || s.called(getProduct) != 1 {
		t.Errorf("inventory was asked %d times, and catalog %d times", got, s.called(getProduct))
	}
	products.falls(t)
	show().mustBe(t, 200, "")
	if got := s.called(getProduct); got != 2 {
		t.Errorf("catalog was asked %d times, want 2", got)
	}
	// The cached answer is also the last good answer.
	s.fail(getProduct, errors.New("broken"))
	r := show()
	r.mustBe(t, 200, "")
	r.mustBeStale(t, true)
}

func TestAPageWithoutAvailabilityIsNotCached(t *testing.T) {
	t.Parallel()
	s, _, _ := told(t)
	sell(s, mug())
	s.fail(getLevels, errors.New("broken"))
	var view productView
	if s.send(t, guest, "GET", "/v1/products/mug", nil).into(t, &view); view.Variants[0].Availability != "unknown" {
		t.Fatalf("shows %+v", view)
	}
	stock(s, map[string]int64{"MUG-S": 100})
	if s.send(t, guest, "GET", "/v1/products/mug", nil).into(t, &view); view.Variants[0].Availability != "in_stock" {
		t.Errorf("shows %+v", view)
	}
}

func TestAListIsCachedUntilAnyProductChanges(t *testing.T) {
	t.Parallel()
	s, products, _ := told(t)
	sell(s, mug(), plain(1), plain(2))
	stock(s, map[string]int64{"SKU-0001": 100})
	on(s, listCategories, returns[*catalogv1.ListCategoriesRequest](&catalogv1.ListCategoriesResponse{}))
	for _, test := range []struct{ path, method string }{
		{"/v1/products?limit=2", catalogv1.CatalogService_ListProducts_FullMethodName},
		{"/v1/products?in_stock=true", catalogv1.CatalogService_ListProducts_FullMethodName},
		{"/v1/categories", listCategories},
	} {
		before := s.called(test.method)
		for range 3 {
			s.send(t, guest, "GET", test.path, nil).mustBe(t, 200, "")
		}
		if got := s.called(test.method) - before; got != 1 {
			t.Errorf("%s: %d calls, want 1", test.path, got)
		}
		products.tells(t, "p9")
		s.send(t, guest, "GET", test.path, nil).mustBe(t, 200, "")
		if got := s.called(test.method) - before; got != 2 {
			t.Errorf("%s: %d calls after a change, want 2", test.path, got)
		}
	}
}

func TestACachedPageIsCompressedIfTheClientAcceptsGzip(t *testing.T) {
	t.Parallel()
	s, _, _ := told(t)
	m := mug()
	for range 100 {
		m.Description += "A long description. "
	}
	sell(s, m)
	stock(s, map[string]int64{"MUG-S": 1})
	plainly := s.send(t, guest, "GET", "/v1/products/mug", nil, "Accept-Encoding", "identity")
	for _, accept := range []string{"gzip", "gzip, br", "gzip;q=1"} {
		r := s.send(t, guest, "GET", "/v1/products/mug", nil, "Accept-Encoding", accept)
		if r.header.Get("Content-Encoding") != "gzip" || len(r.body) >= len(plainly.body) || r.header.Get("Vary") == "" {
			t.Errorf("%s: %v", accept, r.header)
			continue
		}
		if text := unzipped(t, r.body); text != string(plainly.body) {
			t.Errorf("%s: %s, want %s", accept, text, plainly.body)
		}
	}
	if r := s.send(t, guest, "GET", "/v1/products/mug", nil, "Accept-Encoding", "gzip;q=0"); r.header.Get("Content-Encoding") != "" {
		t.Errorf("gzip;q=0 is answered with %v", r.header)
	}
}

func TestOwnChangesAreSeenAtOnce(t *testing.T) {
	t.Parallel()
	s, _, _ := told(t)
	m := mug()
	sell(s, m)
	available := map[string]int64{"MUG-S": 100, "MUG-L": 100}
	stock(s, available)
	show := func() (view struct {
		productView
		Title string
	}) {
		s.send(t, guest, "GET", "/v1/products/p1", nil).into(t, &view)
		return view
	}
	show()
	on(s, updateOne, func(context.Context, *catalogv1.UpdateProductRequest) (*catalogv1.UpdateProductResponse, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		m.Title, m.Version = "Better mug", 8
		return &catalogv1.UpdateProductResponse{Product: m}, nil
	})
	s.send(t, staff, "PATCH", "/v1/products/p1", `{"title": "Better mug"}`, "If-Match", "*").mustBe(t, 200, "")
	if got := show(); got.Title != "Better mug" {
		t.Errorf("after the change it shows %+v", got)
	}
	on(s, adjustStock, func(context.Context, *inventoryv1.AdjustStockRequest) (*inventoryv1.AdjustStockResponse, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		available["MUG-S"] = 2
		return &inventoryv1.AdjustStockResponse{}, nil
	})
	s.send(t, staff, "POST", "/v1/inventory/MUG-S/adjustments", `{"delta": -98, "reason": "count"}`).mustBe(t, 201, "")
	if got := show(); got.Variants[0].Availability != "low_stock" {
		t.Errorf("after the adjustment it shows %+v", got)
	}
}

// Inventory is asked only if the cached level does not decide the question, because it is exact only about availability.
func TestCartsUseCachedLevelsWhereTheyAreExactEnough(t *testing.T) {
	t.Parallel()
	s, _, _ := told(t)
	sell(s, plain(1), plain(2), plain(3))
	stock(s, map[string]int64{"SKU-0001": 100, "SKU-0002": 4})
	ask := func(sku string, quantity int64) (asked bool) {
		t.Helper()
		before := s.called(getLevels)
		cart(s, line(sku, quantity))
		s.send(t, guest, "GET", "/v1/carts/c1", nil).mustBe(t, 200, "")
		return s.called(getLevels) > before
	}
	for _, sku := range []string{"SKU-0001", "SKU-0002", "SKU-0003"} {
		if !ask(sku, 1) {
			t.Fatalf("%s was not asked for", sku)
		}
	}
	for _, test := range []struct {
		sku      string
		quantity int64
		asked    bool
	}{
		{"SKU-0001", 1, false},
		{"SKU-0001", 50, false}, // fewer than 50 would have been reported
		{"SKU-0001", 51, true},
		{"SKU-0002", 1, false},
		{"SKU-0002", 2, true}, // one to five pieces are left
		{"SKU-0003", 50, false},
	} {
		if got := ask(test.sku, test.quantity); got != test.asked {
			t.Errorf("%d of %s: asked %t", test.quantity, test.sku, got)
		}
	}
}

func unzipped(t *testing.T, content []byte) string {
	t.Helper()
	reader, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
