// Package lastgood is the gateway's cache of catalog's answers. While catalog reports its changes (package feed), an unchanged
// answer is given from the cache. Otherwise every request asks catalog first. If catalog fails, shoppers get the last good
// answer, marked as old (stale-if-error, RFC 5861).
package lastgood

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	catalogv1 "souk/proto/gen/souk/catalog/v1"

	"souk/gateway/internal/degraded"
	"souk/gateway/internal/feed"
	"souk/platform/identifier"
)

// Catalog is a client of catalog with a cache. A request WithCopy may get an unchanged answer from the cache. A request with a
// Mark may get the last good answer if catalog fails. All other requests go straight to catalog.
//
// When a product is changed through this client, later requests do not join calls that began before the change, and cached
// answers about the product are dropped. So the author of the change sees it, or gets an error, but never sees the old version.
type Catalog struct {
	catalogv1.CatalogServiceClient
	store   *store
	flights *flights
	changes *feed.Changes
	logger  *slog.Logger
}

// NewCatalog returns a client that caches client's answers in at most size bytes. changes records which products have changed;
// if it is nil, every request asks catalog.
func NewCatalog(client catalogv1.CatalogServiceClient, size uint64, changes *feed.Changes, logger *slog.Logger) *Catalog {
	return &Catalog{
		CatalogServiceClient: client, store: newStore(size), flights: &flights{under: map[key]*flight{}}, changes: changes, logger: logger,
	}
}

// areUnchanged reports whether answers for all keys are cached and unchanged.
func (c *Catalog) areUnchanged(keys []key) bool {
	for _, k := range keys {
		found, ok := c.store.answers.GetIfPresent(k)
		if !ok || !c.changes.HoldsAbout(found.moment, found.product) {
			return false
		}
		c.store.renew(k, found)
	}
	return true
}

// productOf returns the ID of the product that an answer is about, or "" if it may be about any number of products.
func productOf(answer proto.Message) string {
	switch answer := answer.(type) {
	case *catalogv1.GetProductResponse:
		return answer.GetProduct().GetId()
	case *catalogv1.GetVariantsResponse: // for a single SKU
		if variants := slices.Concat(answer.GetVariants(), answer.GetWithdrawn(), answer.GetHidden()); len(variants) > 0 {
			return variants[0].GetProductId()
		}
	}
	return ""
}

// GetProduct implements catalogv1.CatalogServiceClient.
func (c *Catalog) GetProduct(ctx context.Context, in *catalogv1.GetProductRequest, opts ...grpc.CallOption) (*catalogv1.GetProductResponse, error) {
	r := wholeRead(c, degraded.Product, catalogv1.CatalogService_GetProduct_FullMethodName, c.CatalogServiceClient.GetProduct)
	return r.do(ctx, c, in, opts)
}

// ListProducts implements catalogv1.CatalogServiceClient.
func (c *Catalog) ListProducts(ctx context.Context, in *catalogv1.ListProductsRequest, opts ...grpc.CallOption) (*catalogv1.ListProductsResponse, error) {
	r := wholeRead(c, degraded.Products, catalogv1.CatalogService_ListProducts_FullMethodName, c.CatalogServiceClient.ListProducts)
	return r.do(ctx, c, in, opts)
}

// GetVariantFacets implements catalogv1.CatalogServiceClient.
func (c *Catalog) GetVariantFacets(ctx context.Context, in *catalogv1.GetVariantFacetsRequest, opts ...grpc.CallOption) (*catalogv1.GetVariantFacetsResponse, error) {
	r := wholeRead(c, degraded.Products, catalogv1.CatalogService_GetVariantFacets_FullMethodName, c.CatalogServiceClient.GetVariantFacets)
	return r.do(ctx, c, in, opts)
}

// ListCategories implements catalogv1.CatalogServiceClient.
func (c *Catalog) ListCategories(ctx context.Context, in *catalogv1.ListCategoriesRequest, opts ...grpc.CallOption) (*catalogv1.ListCategoriesResponse, error) {
	r := wholeRead(c, degraded.Categories, catalogv1.CatalogService_ListCategories_FullMethodName, c.CatalogServiceClient.ListCategories)
	return r.do(ctx, c, in, opts)
}

// ListSuggestions implements catalogv1.CatalogServiceClient.
func (c *Catalog) ListSuggestions(ctx context.Context, in *catalogv1.ListSuggestionsRequest, opts ...grpc.CallOption) (*catalogv1.ListSuggestionsResponse, error) {
	r := wholeRead(c, degraded.Suggestions, catalogv1.CatalogService_ListSuggestions_FullMethodName, c.CatalogServiceClient.ListSuggestions)
	return r.do(ctx, c, in, opts)
}

// wholeRead returns a read whose answers are cached as a whole.
func wholeRead[Req, Resp proto.Message](c *Catalog, part *degraded.Part, method string, call func(context.Context, Req, ...grpc.CallOption) (Resp, error)) read[Req, Resp] {
	return read[Req, Resp]{
		method: method, part: part, call: call,
		keys:  func(k key, _ Req) []key { return []key{k} },
		split: func(k key, _ Req, answer Resp) map[key]proto.Message { return map[key]proto.Message{k: answer} },
		recall: func(k key, _ Req) (Resp, time.Time, bool) {
			var none Resp
			answer := none.ProtoReflect().New().Interface().(Resp)
			at, ok := c.store.recall(k, answer)
			return answer, at, ok
		},
	}
}

// CreateProduct implements catalogv1.CatalogServiceClient.
func (c *Catalog) CreateProduct(ctx context.Context, in *catalogv1.CreateProductRequest, opts ...grpc.CallOption) (*catalogv1.CreateProductResponse, error) {
	defer c.changed("", in.GetProduct().GetVariants())
	return c.CatalogServiceClient.CreateProduct(ctx, in, opts...)
}

// UpdateProduct implements catalogv1.CatalogServiceClient.
func (c *Catalog) UpdateProduct(ctx context.Context, in *catalogv1.UpdateProductRequest, opts ...grpc.CallOption) (*catalogv1.UpdateProductResponse, error) {
	defer c.changed(in.GetId(), in.GetVariants().GetVariants())
	return c.CatalogServiceClient.UpdateProduct(ctx, in, opts...)
}

// WithdrawProduct implements catalogv1.CatalogServiceClient.
func (c *Catalog) WithdrawProduct(ctx context.Context, in *catalogv1.WithdrawProductRequest, opts ...grpc.CallOption) (*catalogv1.WithdrawProductResponse, error) {
	defer c.changed(in.GetId(), nil)
	return c.CatalogServiceClient.WithdrawProduct(ctx, in, opts...)
}

// RestoreProduct implements catalogv1.CatalogServiceClient.
func (c *Catalog) RestoreProduct(ctx context.Context, in *catalogv1.RestoreProductRequest, opts ...grpc.CallOption) (*catalogv1.RestoreProductResponse, error) {
	defer c.changed(in.GetId(), nil)
	return c.CatalogServiceClient.RestoreProduct(ctx, in, opts...)
}

// SetSynonyms implements catalogv1.CatalogServiceClient. Any search may find other products from then on.
func (c *Catalog) SetSynonyms(ctx context.Context, in *catalogv1.SetSynonymsRequest, opts ...grpc.CallOption) (*catalogv1.SetSynonymsResponse, error) {
	defer func() {
		c.flights.end()
		c.changes.Note()
	}()
	return c.CatalogServiceClient.SetSynonyms(ctx, in, opts...)
}

// changed drops all cached answers about a product that has changed or may have changed, and the list of categories, because
// its counts may have changed. variants are the product's variants now. Their entries are dropped too, because the cache may
// say that these SKUs are not sold.
func (c *Catalog) changed(id string, variants []*catalogv1.Variant) {
	c.flights.end()
	if k, err := keyOf(catalogv1.CatalogService_ListCategories_FullMethodName, &catalogv1.ListCategoriesRequest{}); err == nil {
		c.store.forget(k)
	}
	for _, v := range variants {
		c.store.forget(variantKey(v.GetSku()))
	}
	if canonical, ok := identifier.Canonical(id); ok {
		id = canonical
	}
	if len(variants) > 0 {
		c.changes.Note() // a variant may have been moved here from another product
	} else {
		c.changes.Note(id)
	}
	if id != "" {
		c.store.forgetNaming(id)
	}
}

// ImportProducts implements catalogv1.CatalogServiceClient. The cache is cleared only at the end of the stream, because catalog
// writes nothing before it has the whole file.
func (c *Catalog) ImportProducts(ctx context.Context, opts ...grpc.CallOption) (grpc.ClientStreamingClient[catalogv1.ImportProductsRequest, catalogv1.ImportProductsResponse], error) {
	stream, err := c.CatalogServiceClient.ImportProducts(ctx, opts...)
	if err != nil {
		return nil, err
	}
	return importStream{ClientStreamingClient: stream, catalog: c}, nil
}

type importStream struct {
	grpc.ClientStreamingClient[catalogv1.ImportProductsRequest, catalogv1.ImportProductsResponse]
	catalog *Catalog
}

// CloseAndRecv implements grpc.ClientStreamingClient. It clears the cache, because an import may have changed everything.
func (s importStream) CloseAndRecv() (*catalogv1.ImportProductsResponse, error) {
	defer func() {
		s.catalog.flights.end()
		s.catalog.changes.Note()
		s.catalog.store.forgetAll()
	}()
	return s.ClientStreamingClient.CloseAndRecv()
}
