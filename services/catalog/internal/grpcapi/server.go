// Package grpcapi serves catalog's contract: proto in, domain out.
package grpcapi

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	catalogv1 "souk/proto/gen/souk/catalog/v1"

	"souk/platform/field"
	"souk/platform/idempotency"
	"souk/platform/pgfeed"
	"souk/platform/rpc"

	"souk/services/catalog/internal/catalog"
)

// Server implements catalogv1.CatalogServiceServer.
type Server struct {
	catalogv1.UnimplementedCatalogServiceServer
	catalog  *catalog.Service
	currency string
	keys     idempotency.Keeper
	feed     *pgfeed.Feed
	// imports has an item for each import that is running. The others wait before they send their files.
	imports chan struct{}
}

// The number of imports at once. Each holds the handles and SKUs of its file in memory.
const maxImports = 2

// New returns a server of service, for a shop that sells in currency (ISO 4217). keys keeps the idempotency keys of its callers, and
// feed tells which products have changed.
func New(service *catalog.Service, currency string, keys idempotency.Keeper, feed *pgfeed.Feed) *Server {
	return &Server{catalog: service, currency: currency, keys: keys, feed: feed, imports: make(chan struct{}, maxImports)}
}

var sorts = map[catalogv1.Sort]catalog.Sort{
	catalogv1.Sort_SORT_UNSPECIFIED: "",
	catalogv1.Sort_SORT_RELEVANCE:   catalog.ByRelevance,
	catalogv1.Sort_SORT_NEWEST:      catalog.Newest,
	catalogv1.Sort_SORT_PRICE_ASC:   catalog.PriceAsc,
	catalogv1.Sort_SORT_PRICE_DESC:  catalog.PriceDesc,
	catalogv1.Sort_SORT_TITLE:       catalog.ByTitle,
}

// ListProducts searches and filters.
func (s *Server) ListProducts(ctx context.Context, req *catalogv1.ListProductsRequest) (*catalogv1.ListProductsResponse, error) {
	sort, known := sorts[req.GetSort()]
	if !known {
		return nil, field.Invalid("sort", "must be relevance, newest, price_asc, price_desc or title")
	}
	page, err := s.catalog.ListWith(ctx, catalog.Query{
		Text: req.GetQuery(), Category: req.GetCategory(), Brand: req.GetBrand(), OtherCategories: req.GetOtherCategories(), OtherBrands: req.GetOtherBrands(),
		IDs: req.GetIds(), Options: optionFiltersOf(req.GetOptions()),
		MinPrice: req.MinPrice, MaxPrice: req.MaxPrice, Sort: sort, Limit: int(req.GetLimit()), Brief: req.GetBrief(),
	}, req.GetCursor(), catalog.Extras{Facets: req.GetFacets(), Total: req.GetTotal()})
	if err != nil {
		return nil, wireError(err)
	}
	answer := &catalogv1.ListProductsResponse{More: page.More}
	for i, p := range page.Products {
		answer.Products = append(answer.Products, &catalogv1.ListedProduct{
			Product: productProto(p), Cursor: page.Cursors[i], MatchingSkus: page.Matching[i],
		})
	}
	for _, f := range page.Facets {
		answer.Facets = append(answer.Facets, facetProto(f))
	}
	answer.OptionFacets, answer.PriceRanges = variantFacetsProto(page.OptionFacets, page.PriceRanges)
	if page.Total != nil {
		answer.Total = &catalogv1.Total{Count: page.Total.Count, More: page.Total.More}
	}
	return answer, nil
}

// GetProduct finds a product by id or slug.
func (s *Server) GetProduct(ctx context.Context, req *catalogv1.GetProductRequest) (*catalogv1.GetProductResponse, error) {
	p, err := s.catalog.Product(ctx, req.GetIdOrSlug())
	if err != nil {
		return nil, wireError(err)
	}
	return &catalogv1.GetProductResponse{Product: productProto(p)}, nil
}

// GetVariants returns variants, those that are not on sale apart.
func (s *Server) GetVariants(ctx context.Context, req *catalogv1.GetVariantsRequest) (*catalogv1.GetVariantsResponse, error) {
	variants, err := s.catalog.Variants(ctx, req.GetSkus())
	if err != nil {
		return nil, wireError(err)
	}
	answer := &catalogv1.GetVariantsResponse{}
	for _, v := range variants {
		switch {
		case v.Status.OnSale():
			answer.Variants = append(answer.Variants, soldVariantProto(v))
		case v.Status == catalog.Withdrawn:
			answer.Withdrawn = append(answer.Withdrawn, soldVariantProto(v))
		default:
			answer.Hidden = append(answer.Hidden, soldVariantProto(v))
		}
	}
	return answer, nil
}

// ListCategories returns the categories.
func (s *Server) ListCategories(ctx context.Context, _ *catalogv1.ListCategoriesRequest) (*catalogv1.ListCategoriesResponse, error) {
	categories, err := s.catalog.Categories(ctx)
	if err != nil {
		return nil, wireError(err)
	}
	answer := &catalogv1.ListCategoriesResponse{}
	for _, c := range categories {
		answer.Categories = append(answer.Categories, &catalogv1.Category{Slug: c.Slug, Name: c.Name, ProductCount: c.Products})
	}
	answer.Tree = treeProto(catalog.TreeOf(categories))
	return answer, nil
}

// GetVariantFacets counts the products of variants.
func (s *Server) GetVariantFacets(ctx context.Context, req *catalogv1.GetVariantFacetsRequest) (*catalogv1.GetVariantFacetsResponse, error) {
	options, prices, err := s.catalog.VariantFacets(ctx, req.GetSkus())
	if err != nil {
		return nil, wireError(err)
	}
	answer := &catalogv1.GetVariantFacetsResponse{}
	answer.OptionFacets, answer.PriceRanges = variantFacetsProto(options, prices)
	return answer, nil
}

// ListSuggestions completes what is typed.
func (s *Server) ListSuggestions(ctx context.Context, req *catalogv1.ListSuggestionsRequest) (*catalogv1.ListSuggestionsResponse, error) {
	suggestions, err := s.catalog.Suggest(ctx, req.GetQuery())
	if err != nil {
		return nil, wireError(err)
	}
	answer := &catalogv1.ListSuggestionsResponse{}
	for _, found := range suggestions {
		suggestion := &catalogv1.Suggestion{Text: found.Text}
		if found.Product != nil {
			suggestion.ProductId, suggestion.ProductSlug = found.Product.ID, found.Product.Slug
		}
		answer.Suggestions = append(answer.Suggestions, suggestion)
	}
	return answer, nil
}

// CreateProduct adds a product.
func (s *Server) CreateProduct(ctx context.Context, req *catalogv1.CreateProductRequest) (*catalogv1.CreateProductResponse, error) {
	return rpc.Once(ctx, s.keys, req, func(ctx context.Context) (*catalogv1.CreateProductResponse, error) {
		return s.create(ctx, req.GetProduct())
	})
}

func (s *Server) create(ctx context.Context, in *catalogv1.ProductInput) (*catalogv1.CreateProductResponse, error) {
	variants, err := s.variantsOf(in.GetVariants())
	if err != nil {
		return nil, err
	}
	status, publishAt, err := statusAsked(in.GetStatus(), in.GetPublishAt())
	if err != nil {
		return nil, err
	}
	p, err := s.catalog.Create(ctx, catalog.Content{
		Slug: in.GetSlug(), Title: in.GetTitle(), Description: in.GetDescription(), Brand: in.GetBrand(), Category: in.GetCategory(),
		Tags: in.GetTags(), Images: imagesOf(in.GetImages()), Variants: variants,
		SEO:    catalog.SEO{Title: in.GetSeo().GetTitle(), Description: in.GetSeo().GetDescription()},
		Status: status, PublishAt: publishAt,
	})
	if err != nil {
		return nil, wireError(err)
	}
	return &catalogv1.CreateProductResponse{Product: productProto(p)}, nil
}

// UpdateProduct changes the fields that are set.
func (s *Server) UpdateProduct(ctx context.Context, req *catalogv1.UpdateProductRequest) (*catalogv1.UpdateProductResponse, error) {
	p, err := s.update(ctx, req)
	if err != nil {
		return nil, wireError(err)
	}
	return &catalogv1.UpdateProductResponse{Product: productProto(p)}, nil
}

func (s *Server) update(ctx context.Context, req *catalogv1.UpdateProductRequest) (catalog.Product, error) {
	edit, err := editOf(req)
	if err != nil {
		return catalog.Product{}, err
	}
	if req.VariantChanges != nil {
		changes, err := s.changesOf(req.GetVariantChanges().GetChanges())
		if err != nil {
			return catalog.Product{}, err
		}
		return s.catalog.UpdateVariants(ctx, req.GetId(), req.GetVersion(), edit, changes)
	}
	variants, err := s.variantsOf(req.GetVariants().GetVariants())
	if err != nil {
		return catalog.Product{}, err
	}
	return s.catalog.Update(ctx, req.GetId(), req.GetVersion(), func(c *catalog.Content) {
		edit(c)
		if req.Variants != nil {
			c.Variants = withUnsaid(variants, req.GetVariants().GetVariants(), c.Variants)
		}
	})
}

// editOf returns the edit that a request asks for, apart from the variants.
func editOf(req *catalogv1.UpdateProductRequest) (func(*catalog.Content), error) {
	status, publishAt, err := statusAsked(req.GetStatus(), req.GetPublishAt())
	return func(c *catalog.Content) {
		set(&c.Title, req.Title)
		set(&c.Description, req.Description)
		set(&c.Brand, req.Brand)
		set(&c.Category, req.Category)
		if req.Tags != nil {
			c.Tags = req.GetTags().GetTags()
		}
		if req.Images != nil {
			c.Images = imagesOf(req.GetImages().GetImages())
		}
		if req.Seo != nil {
			set(&c.SEO.Title, req.GetSeo().Title)
			set(&c.SEO.Description, req.GetSeo().Description)
		}
		setStatus(c, status, publishAt)
	}, err
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// The largest file that can be imported, in bytes: as much as the gateway takes (gateway/internal/edge/body.go).
const maxFile = 100 << 20

// ImportProducts reads a CSV to its end and writes what it describes.
func (s *Server) ImportProducts(stream grpc.ClientStreamingServer[catalogv1.ImportProductsRequest, catalogv1.ImportProductsResponse]) error {
	select {
	case s.imports <- struct{}{}:
		defer func() { <-s.imports }()
	case <-stream.Context().Done():
		return status.FromContextError(stream.Context().Err()).Err()
	}
	file, err := catalog.NewSpool()
	if err != nil {
		return err
	}
	defer file.Close()
	if err := receive(stream, file); err != nil {
		return err
	}
	imported, err := s.catalog.Import(stream.Context(), file)
	if err != nil {
		return wireError(err)
	}
	return stream.SendAndClose(importedProto(imported))
}

// receive writes the pieces of a stream to a file.
func receive(stream grpc.ClientStreamingServer[catalogv1.ImportProductsRequest, catalogv1.ImportProductsResponse], file io.Writer) error {
	for size := 0; ; {
		piece, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if size += len(piece.GetChunk()); size > maxFile {
			return field.Invalid("body", "must have at most 100 MiB")
		}
		if _, err := file.Write(piece.GetChunk()); err != nil {
			return err
		}
	}
}

// GetProductFile returns a part of the catalog as a CSV file.
func (s *Server) GetProductFile(ctx context.Context, req *catalogv1.GetProductFileRequest) (*catalogv1.GetProductFileResponse, error) {
	part, next, err := s.catalog.Export(ctx, req.GetAfter())
	if err != nil {
		return nil, wireError(err)
	}
	return &catalogv1.GetProductFileResponse{Part: part, Next: next}, nil
}
