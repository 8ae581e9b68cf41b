package lastgood_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	catalogv1 "souk/proto/gen/souk/catalog/v1"

	"souk/gateway/internal/lastgood"
)

var away = status.Error(codes.Unavailable, "away")

// owner is an in-memory catalog whose reads a test can delay or fail.
type owner struct {
	catalogv1.CatalogServiceClient
	mu    sync.Mutex
	calls int
	// before runs in each read before it is answered. Its error is returned.
	before func(ctx context.Context) error
	// titles maps product IDs to titles.
	titles map[string]string
}

func newOwner() *owner {
	return &owner{titles: map[string]string{"mug": "Mug", "cup": "Cup"}, before: func(context.Context) error { return nil }}
}

func (o *owner) does(before func(ctx context.Context) error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.before = before
}

func (o *owner) fails(err error) {
	o.does(func(context.Context) error { return err })
}

// hangs makes each read last until its context ends.
func (o *owner) hangs() {
	o.does(func(ctx context.Context) error {
		<-ctx.Done()
		return status.FromContextError(ctx.Err()).Err()
	})
}

func (o *owner) called() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.calls
}

func (o *owner) set(id, title string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.titles[id] = title
}

// read returns the titles as of the beginning of the read, before before runs.
func (o *owner) read(ctx context.Context) (map[string]string, error) {
	o.mu.Lock()
	o.calls++
	before, titles := o.before, map[string]string{}
	for id, title := range o.titles {
		titles[id] = title
	}
	o.mu.Unlock()
	return titles, before(ctx)
}

func product(id, title string) *catalogv1.Product {
	return &catalogv1.Product{Id: id, Title: title, Variants: []*catalogv1.Variant{{Sku: "SKU-" + id}}}
}

func (o *owner) GetProduct(ctx context.Context, in *catalogv1.GetProductRequest, _ ...grpc.CallOption) (*catalogv1.GetProductResponse, error) {
	titles, err := o.read(ctx)
	if err != nil {
		return nil, err
	}
	title, ok := titles[in.GetIdOrSlug()]
	if !ok {
		return nil, status.Error(codes.NotFound, "not found")
	}
	return &catalogv1.GetProductResponse{Product: product(in.GetIdOrSlug(), title)}, nil
}

func (o *owner) ListProducts(ctx context.Context, in *catalogv1.ListProductsRequest, _ ...grpc.CallOption) (*catalogv1.ListProductsResponse, error) {
	titles, err := o.read(ctx)
	if err != nil {
		return nil, err
	}
	answer := &catalogv1.ListProductsResponse{}
	for id, title := range titles {
		if in.GetQuery() == "" || in.GetQuery() == id {
			answer.Products = append(answer.Products, &catalogv1.ListedProduct{Product: product(id, title)})
		}
	}
	return answer, nil
}

func (o *owner) ListCategories(ctx context.Context, _ *catalogv1.ListCategoriesRequest, _ ...grpc.CallOption) (*catalogv1.ListCategoriesResponse, error) {
	titles, err := o.read(ctx)
	if err != nil {
		return nil, err
	}
	return &catalogv1.ListCategoriesResponse{Categories: []*catalogv1.Category{{Slug: "all", ProductCount: int64(len(titles))}}}, nil
}

func (o *owner) GetVariants(ctx context.Context, in *catalogv1.GetVariantsRequest, _ ...grpc.CallOption) (*catalogv1.GetVariantsResponse, error) {
	titles, err := o.read(ctx)
	if err != nil {
		return nil, err
	}
	answer := &catalogv1.GetVariantsResponse{}
	for _, sku := range in.GetSkus() {
		for id, title := range titles {
			v := &catalogv1.SoldVariant{Variant: &catalogv1.Variant{Sku: sku}, ProductId: id, ProductTitle: title}
			switch sku {
			case "SKU-" + id:
				answer.Variants = append(answer.Variants, v)
			case "OLD-" + id:
				answer.Withdrawn = append(answer.Withdrawn, v)
			}
		}
	}
	return answer, nil
}

func (o *owner) UpdateProduct(_ context.Context, in *catalogv1.UpdateProductRequest, _ ...grpc.CallOption) (*catalogv1.UpdateProductResponse, error) {
	o.set(in.GetId(), in.GetTitle())
	return &catalogv1.UpdateProductResponse{Product: product(in.GetId(), in.GetTitle())}, nil
}

func (o *owner) CreateProduct(_ context.Context, in *catalogv1.CreateProductRequest, _ ...grpc.CallOption) (*catalogv1.CreateProductResponse, error) {
	o.set(in.GetProduct().GetSlug(), in.GetProduct().GetTitle())
	return &catalogv1.CreateProductResponse{}, nil
}

func (o *owner) WithdrawProduct(_ context.Context, in *catalogv1.WithdrawProductRequest, _ ...grpc.CallOption) (*catalogv1.WithdrawProductResponse, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.titles, in.GetId())
	return &catalogv1.WithdrawProductResponse{}, nil
}

// RestoreProduct changes nothing that these tests look at.
func (o *owner) RestoreProduct(_ context.Context, in *catalogv1.RestoreProductRequest, _ ...grpc.CallOption) (*catalogv1.RestoreProductResponse, error) {
	return &catalogv1.RestoreProductResponse{Product: product(in.GetId(), "")}, nil
}

// SetSynonyms changes nothing that these tests look at.
func (o *owner) SetSynonyms(context.Context, *catalogv1.SetSynonymsRequest, ...grpc.CallOption) (*catalogv1.SetSynonymsResponse, error) {
	return &catalogv1.SetSynonymsResponse{}, nil
}

func (o *owner) ImportProducts(context.Context, ...grpc.CallOption) (grpc.ClientStreamingClient[catalogv1.ImportProductsRequest, catalogv1.ImportProductsResponse], error) {
	return importing{owner: o}, nil
}

type importing struct {
	grpc.ClientStreamingClient[catalogv1.ImportProductsRequest, catalogv1.ImportProductsResponse]
	owner *owner
}

func (i importing) CloseAndRecv() (*catalogv1.ImportProductsResponse, error) {
	i.owner.set("mug", "Imported")
	return &catalogv1.ImportProductsResponse{}, nil
}

func remember(o *owner) *lastgood.Catalog {
	return lastgood.NewCatalog(o, 1<<20, nil, slog.New(slog.DiscardHandler))
}

// shown is the result of a request for a product.
type shown struct {
	title string
	age   time.Duration
	stale bool
	err   error
}

// show requests a product and allows an old answer.
func show(ctx context.Context, c *lastgood.Catalog, id string) shown {
	ctx, mark := lastgood.WithMark(ctx)
	answer, err := c.GetProduct(ctx, &catalogv1.GetProductRequest{IdOrSlug: id})
	age, stale := mark.Age()
	return shown{answer.GetProduct().GetTitle(), age, stale, err}
}

// mustShow fails the test unless the request returns this title and whether it is old.
func mustShow(t *testing.T, c *lastgood.Catalog, id, title string, stale bool) {
	t.Helper()
	if got := show(t.Context(), c, id); got.err != nil || got.title != title || got.stale != stale {
		t.Fatalf("%s is %+v, want %q, stale %v", id, got, title, stale)
	}
}
