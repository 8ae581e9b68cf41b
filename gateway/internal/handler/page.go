package handler

import (
	"bytes"
	"compress/gzip"
	"context"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"github.com/maypok86/otter/v2"

	"souk/gateway/internal/api"
	"souk/gateway/internal/feed"
	"souk/gateway/internal/lastgood"
)

const (
	// pageLife is the time after which a cached page is made again although nothing has changed, so that the answers it is made of stay
	// in the cache of last good answers. It is no bound of how old a page is: a page that has changed is made again at once.
	pageLife = 10 * time.Second
	// pageOverhead is the approximate memory of a page besides its text, in bytes.
	pageOverhead = 1024
)

// Pages caches the answers to anonymous reads of the catalog in their final form. The text, the entity tag and the compressed
// form are not made again while the data on the page has not changed.
type Pages struct {
	products, stock *feed.Changes
	pages           *otter.Cache[string, *page]
}

// NewPages returns Pages of at most size bytes. products and stock record the changes; if they are nil, no page is cached.
func NewPages(size uint64, products, stock *feed.Changes) *Pages {
	return &Pages{products: products, stock: stock, pages: otter.Must(&otter.Options[string, *page]{
		MaximumWeight: size,
		Weigher:       func(_ string, p *page) uint32 { return uint32(2*len(p.body) + pageOverhead) },
	})}
}

// Keep is a middleware that answers with cached pages and caches new ones. It answers conditional reads (If-None-Match) in both
// cases.
func (ps *Pages) Keep(next api.StrictHandlerFunc, operationID string) api.StrictHandlerFunc {
	switch operationID {
	case "GetProduct", "ListProducts", "ListCategories":
	default:
		return next
	}
	return func(ctx context.Context, w http.ResponseWriter, r *http.Request, request any) (any, error) {
		name := r.URL.RequestURI()
		if kept, ok := ps.pages.GetIfPresent(name); ok && ps.holds(kept) {
			lastgood.CopyHit.Inc()
			return kept.answer(r), nil
		}
		made := &page{made: time.Now(), productsAt: ps.products.Now(), stockAt: ps.stock.Now()}
		if list, ok := request.(api.ListProductsRequestObject); ok {
			made.inStock = value(list.Params.InStock)
		}
		response, err := next(ctx, w, r, request)
		if err != nil || !made.render(response) {
			return response, err
		}
		if stale := w.Header().Get("Warning") != ""; !stale && ps.holds(made) {
			ps.pages.Set(name, made)
		}
		return made.answer(r), nil
	}
}

// holds reports whether a page is still current.
func (ps *Pages) holds(p *page) bool {
	if p.unknown || time.Since(p.made) > pageLife || !ps.stock.Holds(p.stockAt, p.skus...) {
		return false
	}
	if p.inStock && !ps.stock.AllHold(p.stockAt) {
		return false
	}
	return ps.products.HoldsAbout(p.productsAt, p.product)
}

// page is an answer in its final form.
type page struct {
	made                time.Time
	productsAt, stockAt feed.Moment
	// product is the product on the page; empty for a list, which any change of the catalog may affect. skus are the variants
	// on the page.
	product string
	skus    []string
	// inStock says that the page lists only products in stock, so that any change of availability may affect it. unknown says
	// that the availability of a variant on it is unknown because inventory did not answer.
	inStock, unknown bool

	tag        string
	header     http.Header
	body       []byte
	compressed func() []byte
}

// render makes the page from a response with products or categories. It returns false for other responses.
func (p *page) render(response any) bool {
	recorder := &recorder{header: http.Header{}}
	var err error
	switch response := response.(type) {
	case api.GetProduct200JSONResponse:
		p.product, p.tag = response.Body.Id, response.Headers.ETag
		p.show(response.Body)
		err = response.VisitGetProductResponse(recorder)
	case api.ListProducts200JSONResponse:
		p.show(response.Body.Items...)
		err = response.VisitListProductsResponse(recorder)
	case api.ListCategories200JSONResponse:
		err = response.VisitListCategoriesResponse(recorder)
	default:
		return false
	}
	p.body, p.header = recorder.body.Bytes(), recorder.header
	p.compressed = sync.OnceValue(p.compress)
	return err == nil
}

// show records the variants on the page.
func (p *page) show(products ...api.Product) {
	for _, product := range products {
		for _, variant := range product.Variants {
			p.skus = append(p.skus, variant.Sku)
			p.unknown = p.unknown || variant.Availability == api.AvailabilityUnknown
		}
	}
}

func (p *page) compress() []byte {
	var compressed bytes.Buffer
	writer := gzip.NewWriter(&compressed)
	_, _ = writer.Write(p.body) // writing to memory cannot fail
	_ = writer.Close()
	return compressed.Bytes()
}

// recorder records a response in memory.
type recorder struct {
	header http.Header
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(int)             {}
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

// answer returns the page for a request: without its text if the client has it already, and compressed if the client accepts
// gzip.
func (p *page) answer(r *http.Request) keptPage {
	return keptPage{
		page:     p,
		had:      p.tag != "" && parseTags(r.Header.Get("If-None-Match")).haveWeakly(p.tag),
		compress: len(p.body) >= gzhttp.DefaultMinSize && takesGzip(r.Header.Get("Accept-Encoding")),
	}
}

// takesGzip reports whether an Accept-Encoding names gzip. If it contains weights, the compressing handler decides instead.
func takesGzip(accept string) bool {
	return !strings.Contains(accept, "q=") && strings.Contains(accept, "gzip")
}

// keptPage is a page as the answer to one request.
type keptPage struct {
	*page
	had, compress bool
}

// VisitGetProductResponse implements api.GetProductResponseObject.
func (k keptPage) VisitGetProductResponse(w http.ResponseWriter) error { return k.write(w) }

// VisitListProductsResponse implements api.ListProductsResponseObject.
func (k keptPage) VisitListProductsResponse(w http.ResponseWriter) error { return k.write(w) }

// VisitListCategoriesResponse implements api.ListCategoriesResponseObject.
func (k keptPage) VisitListCategoriesResponse(w http.ResponseWriter) error { return k.write(w) }

func (k keptPage) write(w http.ResponseWriter) error {
	header, body := w.Header(), k.body
	if k.had {
		header.Set("ETag", k.tag)
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	maps.Copy(header, k.header)
	if k.compress {
		header.Set("Content-Encoding", "gzip")
		body = k.compressed()
	}
	_, err := w.Write(body)
	return err
}
