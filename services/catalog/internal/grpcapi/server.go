// Package grpcapi serves catalog's contract: proto in, domain out.
package grpcapi

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"

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
}

// New returns a server of service, for a shop that sells in currency (ISO 4217). keys keeps the idempotency keys of its callers, and
// feed tells which products have changed.
func New(service *catalog.Service, currency string, keys idempotency.Keeper, feed *pgfeed.Feed) *Server {
	return &Server{catalog: service, currency: currency, keys: keys, feed: feed}
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
	page, err := s.catalog.List(ctx, catalog.Query{
		Text: req.GetQuery(), Category: req.GetCategory(), Brand: req.GetBrand(),
		MinPrice: req.MinPrice, MaxPrice: req.MaxPrice, Sort: sort, Limit: int(req.GetLimit()), Brief: req.GetBrief(),
	}, req.GetCursor(), req.GetFacets())
	if err != nil {
		return nil, wireError(err)
	}
	answer := &catalogv1.ListProductsResponse{More: page.More}
	for i, p := range page.Products {
		answer.Products = append(answer.Products, &catalogv1.ListedProduct{Product: productProto(p), Cursor: page.Cursors[i]})
	}
	for _, f := range page.Facets {
		answer.Facets = append(answer.Facets, facetProto(f))
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

// GetVariants returns variants, those of withdrawn products apart.
func (s *Server) GetVariants(ctx context.Context, req *catalogv1.GetVariantsRequest) (*catalogv1.GetVariantsResponse, error) {
	variants, err := s.catalog.Variants(ctx, req.GetSkus())
	if err != nil {
		return nil, wireError(err)
	}
	answer := &catalogv1.GetVariantsResponse{}
	for _, v := range variants {
		if v.Withdrawn {
			answer.Withdrawn = append(answer.Withdrawn, soldVariantProto(v))
		} else {
			answer.Variants = append(answer.Variants, soldVariantProto(v))
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
	p, err := s.catalog.Create(ctx, catalog.Content{
		Slug: in.GetSlug(), Title: in.GetTitle(), Description: in.GetDescription(), Brand: in.GetBrand(), Category: in.GetCategory(),
		Tags: in.GetTags(), Images: imagesOf(in.GetImages()), Variants: variants,
	})
	if err != nil {
		return nil, wireError(err)
	}
	return &catalogv1.CreateProductResponse{Product: productProto(p)}, nil
}

// UpdateProduct changes the fields that are set.
func (s *Server) UpdateProduct(ctx context.Context, req *catalogv1.UpdateProductRequest) (*catalogv1.UpdateProductResponse, error) {
	variants, err := s.variantsOf(req.GetVariants().GetVariants())
	if err != nil {
		return nil, err
	}
	p, err := s.catalog.Update(ctx, req.GetId(), req.GetVersion(), func(c *catalog.Content) {
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
		if req.Variants != nil {
			c.Variants = variants
		}
	})
	if err != nil {
		return nil, wireError(err)
	}
	return &catalogv1.UpdateProductResponse{Product: productProto(p)}, nil
}

func set(to, from *string) {
	if from != nil {
		*to = *from
	}
}

// WithdrawProduct takes a product off sale.
func (s *Server) WithdrawProduct(ctx context.Context, req *catalogv1.WithdrawProductRequest) (*catalogv1.WithdrawProductResponse, error) {
	if err := s.catalog.Withdraw(ctx, req.GetId()); err != nil {
		return nil, wireError(err)
	}
	return &catalogv1.WithdrawProductResponse{}, nil
}

// The largest file that can be imported, in bytes.
const maxFile = 50 << 20

// ImportProducts reads a CSV to its end and writes what it describes.
func (s *Server) ImportProducts(stream grpc.ClientStreamingServer[catalogv1.ImportProductsRequest, catalogv1.ImportProductsResponse]) error {
	var file []byte
	for {
		piece, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if file = append(file, piece.GetChunk()...); len(file) > maxFile {
			return field.Invalid("body", "must have at most 50 MiB")
		}
	}
	imported, err := s.catalog.Import(stream.Context(), file)
	if err != nil {
		return wireError(err)
	}
	return stream.SendAndClose(importedProto(imported))
}
