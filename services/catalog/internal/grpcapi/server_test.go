package grpcapi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	catalogv1 "souk/proto/gen/souk/catalog/v1"
	moneyv1 "souk/proto/gen/souk/money/v1"

	"souk/platform/pgfeed"
	"souk/platform/pgkey"
	"souk/platform/rpc"
	"souk/testkit/grpctest"
	"souk/testkit/pgtest"

	"souk/services/catalog/internal/catalog"
	"souk/services/catalog/internal/grpcapi"
	"souk/services/catalog/internal/postgres"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// bundle is the service behind its real interceptors.
type bundle struct {
	*grpctest.Server
	catalogv1.CatalogServiceClient
}

func setup(t testing.TB) *bundle {
	t.Helper()
	pool := pgtest.New(t, postgres.Migrations)
	store, keys := postgres.New(pool), pgkey.NewTransaction(pool)
	b := &bundle{Server: grpctest.Serve(t, func(r grpc.ServiceRegistrar) {
		catalogv1.RegisterCatalogServiceServer(r, grpcapi.New(catalog.New(store, "GBP"), "GBP", keys, pgfeed.New(pool, "products", "id")))
	})}
	b.CatalogServiceClient = catalogv1.NewCatalogServiceClient(b.Conn)
	return b
}

func pounds(pence int64) *moneyv1.Money { return &moneyv1.Money{Amount: pence, Currency: "GBP"} }

func lamp() *catalogv1.ProductInput {
	return &catalogv1.ProductInput{
		Slug: "lamp", Title: "Lamp", Description: "Warm.", Brand: "Atlas", Category: "Café Lamps", Tags: []string{"brass"},
		Images: []*catalogv1.Image{{Url: "https://img.example/a.jpg", Alt: "A lamp"}},
		Variants: []*catalogv1.Variant{
			{Sku: "L", Title: "Large", Options: []*catalogv1.Option{{Name: "Size", Value: "L"}, {Name: "Color", Value: "Red"}}, Price: pounds(900), WeightGrams: 800},
			{Sku: "S", Title: "Small", Options: []*catalogv1.Option{{Name: "Size", Value: "S"}, {Name: "Color", Value: "Red"}}, Price: pounds(400)},
		},
	}
}

func (b *bundle) create(t testing.TB, in *catalogv1.ProductInput) *catalogv1.Product {
	t.Helper()
	created, err := b.CreateProduct(b.Staff(t), &catalogv1.CreateProductRequest{Product: in})
	if err != nil {
		t.Fatal(err)
	}
	return created.GetProduct()
}

func TestAProductIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	b := setup(t)
	in := lamp()
	created := b.create(t, in)
	got, err := b.GetProduct(t.Context(), &catalogv1.GetProductRequest{IdOrSlug: "lamp"})
	if err != nil || !proto.Equal(got.GetProduct(), created) {
		t.Fatalf("got %v, %v; want %v", got.GetProduct(), err, created)
	}
	want := &catalogv1.Product{
		Id: created.GetId(), Slug: "lamp", Title: in.GetTitle(), Description: in.GetDescription(), Brand: in.GetBrand(), Category: in.GetCategory(),
		Tags: in.GetTags(), Images: in.GetImages(), Variants: in.GetVariants(), MinPrice: pounds(400), MaxPrice: pounds(900),
		UpdatedAt: created.GetUpdatedAt(), Version: 1, CategorySlug: "café-lamps",
		Status: catalogv1.ProductStatus_PRODUCT_STATUS_ACTIVE,
	}
	if !proto.Equal(created, want) || time.Since(created.GetUpdatedAt().AsTime()) > time.Minute {
		t.Errorf("created %v, want %v", created, want)
	}
	sold, err := b.GetVariants(t.Context(), &catalogv1.GetVariantsRequest{Skus: []string{"S", "none", "\x00", "S"}})
	wantSold := &catalogv1.SoldVariant{
		Variant: in.GetVariants()[1], ProductId: created.GetId(), ProductTitle: "Lamp", ProductSlug: "lamp", Image: in.GetImages()[0],
	}
	if err != nil || len(sold.GetVariants()) != 1 || !proto.Equal(sold.GetVariants()[0], wantSold) {
		t.Errorf("variants %v, %v; want %v", sold, err, wantSold)
	}
	counted, err := b.GetVariantFacets(t.Context(), &catalogv1.GetVariantFacetsRequest{Skus: []string{"S", "none", "\x00"}})
	wantCounted := &catalogv1.GetVariantFacetsResponse{OptionFacets: []*catalogv1.Facet{
		{Field: "Color", Values: []*catalogv1.FacetValue{{Value: "Red", Name: "Red", Count: 1}}}, {Field: "Size", Values: []*catalogv1.FacetValue{{Value: "S", Name: "S", Count: 1}}},
	}}
	if err != nil || !proto.Equal(counted, wantCounted) {
		t.Errorf("facets %v, %v; want %v", counted, err, wantCounted)
	}
	suggested, err := b.ListSuggestions(t.Context(), &catalogv1.ListSuggestionsRequest{Query: "la"})
	wantSuggested := &catalogv1.ListSuggestionsResponse{Suggestions: []*catalogv1.Suggestion{
		{Text: "lamp"}, {Text: "Lamp", ProductId: created.GetId(), ProductSlug: "lamp"},
	}}
	if err != nil || !proto.Equal(suggested, wantSuggested) {
		t.Errorf("suggested %v, %v; want %v", suggested, err, wantSuggested)
	}
	categories, err := b.ListCategories(t.Context(), &catalogv1.ListCategoriesRequest{})
	wantCategory := &catalogv1.Category{Slug: "café-lamps", Name: "Café Lamps", ProductCount: 1}
	if err != nil || len(categories.GetCategories()) != 1 || !proto.Equal(categories.GetCategories()[0], wantCategory) {
		t.Errorf("categories %v, %v; want %v", categories, err, wantCategory)
	}
}

func TestAListGoesOnAfterACursorAndCountsFacets(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create(t, lamp())
	other := lamp()
	other.Slug, other.Title, other.Variants = "rug", "Rug", []*catalogv1.Variant{{Sku: "R", Price: pounds(100)}}
	b.create(t, other)
	req := &catalogv1.ListProductsRequest{Sort: catalogv1.Sort_SORT_PRICE_ASC, Limit: 1, Facets: true}
	page, err := b.ListProducts(t.Context(), req)
	if err != nil || len(page.GetProducts()) != 1 || page.GetProducts()[0].GetProduct().GetSlug() != "rug" || !page.GetMore() {
		t.Fatalf("first page: %v, %v; want rug and more", page, err)
	}
	if f := page.GetFacets(); len(f) != 2 || f[0].GetField() != "category" || f[0].GetValues()[0].GetCount() != 2 || f[1].GetValues()[0].GetValue() != "Atlas" {
		t.Errorf("facets = %v; want 2 in café-lamps and of Atlas", f)
	}
	req.Cursor = page.GetProducts()[0].GetCursor()
	page, err = b.ListProducts(t.Context(), req)
	if err != nil || len(page.GetProducts()) != 1 || page.GetProducts()[0].GetProduct().GetSlug() != "lamp" || page.GetMore() {
		t.Errorf("second page: %v, %v; want lamp and no more", page, err)
	}
	req.Sort = catalogv1.Sort_SORT_TITLE
	_, err = b.ListProducts(t.Context(), req)
	grpctest.Expect(t, "the cursor of another sort", err, codes.InvalidArgument, "BAD_CURSOR")
	_, err = b.ListProducts(t.Context(), &catalogv1.ListProductsRequest{Sort: 99})
	grpctest.Expect(t, "an unknown sort", err, codes.InvalidArgument, "VALIDATION_FAILED")
}

func TestUpdateChangesOnlyWhatIsSet(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := b.create(t, lamp())
	changed, err := b.UpdateProduct(b.Staff(t), &catalogv1.UpdateProductRequest{
		Id: p.GetId(), Version: p.GetVersion(), Title: new("Big lamp"), Brand: new(""), Tags: &catalogv1.TagList{},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := proto.CloneOf(p)
	want.Title, want.Brand, want.Tags, want.Version, want.UpdatedAt = "Big lamp", "", nil, 2, changed.GetProduct().GetUpdatedAt()
	if !proto.Equal(changed.GetProduct(), want) {
		t.Errorf("changed %v, want %v", changed.GetProduct(), want)
	}
	_, err = b.UpdateProduct(b.Staff(t), &catalogv1.UpdateProductRequest{Id: p.GetId(), Version: p.GetVersion(), Title: new("Late")})
	grpctest.Expect(t, "an old version", err, codes.Aborted, "VERSION_MISMATCH")
	_, err = b.UpdateProduct(b.Staff(t), &catalogv1.UpdateProductRequest{Id: p.GetId(), Variants: &catalogv1.VariantList{}})
	grpctest.Expect(t, "no variants", err, codes.InvalidArgument, "VALIDATION_FAILED")
}

func TestAStockRuleStaysUnlessItIsSaid(t *testing.T) {
	t.Parallel()
	b := setup(t)
	in := lamp()
	in.Variants[0].StockRule = &catalogv1.StockRule{Untracked: true}
	in.Variants[1].StockRule = &catalogv1.StockRule{ContinueSelling: true}
	p := b.create(t, in)
	in.Variants[0].StockRule, in.Variants[1].StockRule = nil, &catalogv1.StockRule{}
	in.Variants = append(in.Variants, &catalogv1.Variant{Sku: "XL", Price: pounds(100)})
	changed, err := b.UpdateProduct(b.Staff(t), &catalogv1.UpdateProductRequest{Id: p.GetId(), Variants: &catalogv1.VariantList{Variants: in.Variants}})
	if err != nil {
		t.Fatal(err)
	}
	sold, err := b.GetVariants(t.Context(), &catalogv1.GetVariantsRequest{Skus: []string{"L"}})
	if err != nil || !sold.GetVariants()[0].GetVariant().GetStockRule().GetUntracked() {
		t.Errorf("sold %v, %v", sold, err)
	}
	if _, err := b.send(t, b.Staff(t), "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price\nlamp,Lamp,Size,L,L,9.00\n"); err != nil {
		t.Fatal(err)
	}
	imported, err := b.GetProduct(t.Context(), &catalogv1.GetProductRequest{IdOrSlug: "lamp"})
	if err != nil || len(imported.GetProduct().GetVariants()) != 1 {
		t.Fatal(imported, err)
	}
	for _, got := range []*catalogv1.Product{changed.GetProduct(), imported.GetProduct()} {
		if rule := got.GetVariants()[0].GetStockRule(); !rule.GetUntracked() || rule.GetContinueSelling() {
			t.Errorf("%v", got.GetVariants()[0])
		}
	}
	for _, v := range changed.GetProduct().GetVariants()[1:] {
		if v.GetStockRule() != nil {
			t.Errorf("%v", v)
		}
	}
}

func TestErrorsSayWhy(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := b.create(t, lamp())
	_, err := b.CreateProduct(b.Staff(t), &catalogv1.CreateProductRequest{Product: lamp()})
	grpctest.Expect(t, "the same slug", err, codes.AlreadyExists, "SLUG_TAKEN")
	other := lamp()
	other.Slug = ""
	_, err = b.CreateProduct(b.Staff(t), &catalogv1.CreateProductRequest{Product: other})
	grpctest.Expect(t, "the same SKUs", err, codes.AlreadyExists, "SKU_TAKEN")
	if !strings.Contains(status.Convert(err).Message(), "SKU L ") {
		t.Errorf("%v; want it to name SKU L", err)
	}
	for i, v := range other.Variants {
		v.Sku = fmt.Sprint("NEW-", i)
	}
	other.Variants[1].Sku = "S"
	_, err = b.CreateProduct(b.Staff(t), &catalogv1.CreateProductRequest{Product: other})
	if blamed := rpc.Violations(err); len(blamed) != 1 || blamed[0].Field != "variants[1].sku" {
		t.Errorf("%v blames %v, want variants[1].sku", err, blamed)
	}
	other.Variants[1].Price.Currency = "EUR"
	_, err = b.CreateProduct(b.Staff(t), &catalogv1.CreateProductRequest{Product: other})
	if v := rpc.Violations(err); len(v) != 1 || v[0].Field != "variants[1].price.currency" {
		t.Errorf("a foreign currency: %v, want a violation of variants[1].price.currency", err)
	}
	_, err = b.CreateProduct(b.Staff(t), &catalogv1.CreateProductRequest{})
	grpctest.Expect(t, "no product", err, codes.InvalidArgument, "VALIDATION_FAILED")
	_, err = b.GetVariants(t.Context(), &catalogv1.GetVariantsRequest{Skus: make([]string, 2001)})
	if v := rpc.Violations(err); len(v) != 1 || v[0].Field != "skus" {
		t.Errorf("2,001 SKUs: %v, want a violation of skus", err)
	}
	for range 2 {
		if _, err := b.WithdrawProduct(b.Staff(t), &catalogv1.WithdrawProductRequest{Id: p.GetId()}); err != nil {
			t.Errorf("withdraw: %v", err)
		}
	}
	_, err = b.GetProduct(t.Context(), &catalogv1.GetProductRequest{IdOrSlug: p.GetId()})
	grpctest.Expect(t, "a withdrawn product", err, codes.NotFound, "PRODUCT_NOT_FOUND")
	gone, err := b.GetVariants(t.Context(), &catalogv1.GetVariantsRequest{Skus: []string{"S"}})
	if err != nil || len(gone.GetVariants()) != 0 || len(gone.GetWithdrawn()) != 1 || gone.GetWithdrawn()[0].GetProductTitle() != p.GetTitle() {
		t.Errorf("variants of a withdrawn product: %v, %v", gone, err)
	}
	_, err = b.WithdrawProduct(b.Staff(t), &catalogv1.WithdrawProductRequest{Id: uuid.NewString()})
	grpctest.Expect(t, "withdrawing nothing", err, codes.NotFound, "PRODUCT_NOT_FOUND")
}

func TestOnlyStaffWrite(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for who, test := range map[string]struct {
		ctx  context.Context
		want codes.Code
	}{
		"a guest":    {t.Context(), codes.Unauthenticated},
		"a customer": {b.As(t, uuid.NewString()), codes.PermissionDenied},
	} {
		_, created := b.CreateProduct(test.ctx, &catalogv1.CreateProductRequest{Product: lamp()})
		_, updated := b.UpdateProduct(test.ctx, &catalogv1.UpdateProductRequest{})
		_, withdrawn := b.WithdrawProduct(test.ctx, &catalogv1.WithdrawProductRequest{})
		_, restored := b.RestoreProduct(test.ctx, &catalogv1.RestoreProductRequest{})
		_, read := b.GetAnyProduct(test.ctx, &catalogv1.GetAnyProductRequest{})
		_, listed := b.ListAllProducts(test.ctx, &catalogv1.ListAllProductsRequest{})
		_, imported := b.send(t, test.ctx, "Handle,Title\n")
		for _, err := range []error{created, updated, withdrawn, restored, read, listed, imported} {
			if status.Code(err) != test.want {
				t.Errorf("%s: %v, want %s", who, err, test.want)
			}
		}
	}
}

// send imports a file in small pieces.
func (b *bundle) send(t *testing.T, ctx context.Context, file string) (*catalogv1.ImportProductsResponse, error) {
	t.Helper()
	stream, err := b.ImportProducts(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for len(file) > 0 {
		n := min(len(file), 7)
		if err := stream.Send(&catalogv1.ImportProductsRequest{Chunk: []byte(file[:n])}); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		file = file[n:]
	}
	return stream.CloseAndRecv()
}

func TestAnImportComesInPiecesAndAnswersInFull(t *testing.T) {
	t.Parallel()
	b := setup(t)
	got, err := b.send(t, b.Staff(t), "\uFEFFHandle,Title,Variant SKU,Variant Price,Variant Inventory Qty\r\nlamp,Lämp,A,9.99,3\r\nlamp,,B,cheap,\r\n")
	want := &catalogv1.ImportProductsResponse{
		Products: 1, Variants: 1, Created: 1, Stock: []*catalogv1.ImportedStock{{Sku: "A", Quantity: 3}},
		Errors: []*catalogv1.ImportError{{Line: 3, Record: 3, Handle: "lamp", Column: "Variant Price", Value: "cheap", Message: got.GetErrors()[0].GetMessage()}},
	}
	if err != nil || !proto.Equal(got, want) || !strings.Contains(got.GetErrors()[0].GetMessage(), "Variant Price") {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	_, err = b.send(t, b.Staff(t), "no,such,columns\n")
	if v := rpc.Violations(err); len(v) == 0 || v[0].Field != "body" {
		t.Errorf("another CSV: %v, want a violation of file", err)
	}
}

func TestAnImportIsBounded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	stream, err := b.ImportProducts(b.Staff(t))
	if err != nil {
		t.Fatal(err)
	}
	piece := &catalogv1.ImportProductsRequest{Chunk: make([]byte, 1<<20)}
	for range 101 {
		if err := stream.Send(piece); err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
	}
	_, err = stream.CloseAndRecv()
	if v := rpc.Violations(err); len(v) != 1 || v[0].Field != "body" || status.Code(err) != codes.InvalidArgument {
		t.Errorf("101 MiB: %v, want a violation of file", err)
	}
}

func TestAProductFileComesInParts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if _, err := b.send(t, b.Staff(t), "Handle,Title,Variant SKU,Variant Price\nlamp,Lamp,A,9.99\n"); err != nil {
		t.Fatal(err)
	}
	first, err := b.GetProductFile(b.Staff(t), &catalogv1.GetProductFileRequest{})
	if err != nil || !strings.Contains(string(first.GetPart()), "\nlamp,Lamp,") || !strings.HasPrefix(string(first.GetPart()), "Handle,") {
		t.Errorf("the first part is %q, %v", first.GetPart(), err)
	}
	last, err := b.GetProductFile(b.Staff(t), &catalogv1.GetProductFileRequest{After: first.GetNext()})
	if err != nil || len(last.GetPart()) != 0 {
		t.Errorf("the last part is %q, %v; want it empty", last.GetPart(), err)
	}
	_, err = b.GetProductFile(b.Staff(t), &catalogv1.GetProductFileRequest{After: "elsewhere"})
	grpctest.Expect(t, "a position of no part", err, codes.InvalidArgument, "BAD_CURSOR")
	_, err = b.GetProductFile(t.Context(), &catalogv1.GetProductFileRequest{})
	if status.Code(err) != codes.Unauthenticated {
		t.Errorf("without a token: %v", err)
	}
}
