package grpcapi_test

import (
	"testing"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	catalogv1 "souk/proto/gen/souk/catalog/v1"
)

func FuzzHandlers(f *testing.F) {
	b := setup(f)
	known := b.create(f, lamp())
	other := proto.CloneOf(lamp())
	other.Slug, other.Title, other.Variants = "", "Rug", []*catalogv1.Variant{{Sku: "R", Price: pounds(100)}}
	title, lowest := "Bright Lamp", int64(1)
	b.Fuzz(f, catalogv1.File_souk_catalog_v1_catalog_proto, uuid.NewString(),
		&catalogv1.ListProductsRequest{Query: "lamp", Category: "cafe-lamps", Brand: "Atlas", MinPrice: &lowest, Limit: 1, Facets: true},
		&catalogv1.ListSuggestionsRequest{Query: "bright la"},
		&catalogv1.GetProductRequest{IdOrSlug: known.GetSlug()},
		&catalogv1.GetVariantsRequest{Skus: []string{"L", "S"}},
		&catalogv1.GetVariantFacetsRequest{Skus: []string{"L", "S"}},
		&catalogv1.WatchProductsRequest{Position: "1"},
		&catalogv1.CreateProductRequest{Product: other},
		&catalogv1.UpdateProductRequest{
			Id: known.GetId(), Title: &title, Tags: &catalogv1.TagList{Tags: []string{"brass"}},
			Images: &catalogv1.ImageList{Images: known.GetImages()}, Variants: &catalogv1.VariantList{Variants: known.GetVariants()},
		},
		&catalogv1.WithdrawProductRequest{Id: known.GetId()},
		&catalogv1.RestoreProductRequest{Id: known.GetId()},
		&catalogv1.GetAnyProductRequest{Id: known.GetId()},
		&catalogv1.ListAllProductsRequest{Query: "lamp", Status: catalogv1.ProductStatus_PRODUCT_STATUS_ACTIVE, Limit: 1, Cursor: known.GetId()},
		&catalogv1.ImportProductsRequest{Chunk: []byte("Handle,Title,Body (HTML),Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Inventory Qty\n" +
			"jug,Jug,<p>Blue</p>,Size,L,J,4.50,7\n")},
	)
}
