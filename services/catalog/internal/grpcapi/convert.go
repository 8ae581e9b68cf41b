package grpcapi

import (
	"fmt"

	"google.golang.org/protobuf/types/known/timestamppb"

	catalogv1 "souk/proto/gen/souk/catalog/v1"
	moneyv1 "souk/proto/gen/souk/money/v1"

	"souk/platform/field"

	"souk/services/catalog/internal/catalog"
)

func productProto(p catalog.Product) *catalogv1.Product {
	lowest, highest := p.PriceRange()
	out := &catalogv1.Product{
		Id: p.ID, Slug: p.Slug, Title: p.Title, Description: p.Description, Brand: p.Brand, Category: p.Category, Tags: p.Tags,
		MinPrice:  &moneyv1.Money{Amount: lowest, Currency: p.Currency},
		MaxPrice:  &moneyv1.Money{Amount: highest, Currency: p.Currency},
		UpdatedAt: timestamppb.New(p.UpdatedAt), Version: p.Version,
		CategorySlug: catalog.Slugify(p.Category),
	}
	for _, i := range p.Images {
		out.Images = append(out.Images, &catalogv1.Image{Url: i.URL, Alt: i.Alt})
	}
	for _, v := range p.Variants {
		out.Variants = append(out.Variants, variantProto(v, p.Currency))
	}
	return out
}

func variantProto(v catalog.Variant, currency string) *catalogv1.Variant {
	out := &catalogv1.Variant{
		Sku: v.SKU, Title: v.Title, Price: &moneyv1.Money{Amount: v.Price, Currency: currency}, WeightGrams: v.Weight,
	}
	for _, o := range v.Options {
		out.Options = append(out.Options, &catalogv1.Option{Name: o.Name, Value: o.Value})
	}
	return out
}

func facetProto(f catalog.Facet) *catalogv1.Facet {
	out := &catalogv1.Facet{Field: f.Field}
	for _, v := range f.Values {
		out.Values = append(out.Values, &catalogv1.FacetValue{Value: v.Value, Name: v.Name, Count: v.Count})
	}
	return out
}

// variantsOf reads variants, whose prices must be in the shop's currency.
func (s *Server) variantsOf(variants []*catalogv1.Variant) ([]catalog.Variant, error) {
	var check field.Checker
	out := make([]catalog.Variant, len(variants))
	for i, v := range variants {
		check.Check(v.GetPrice().GetCurrency() == s.currency, fmt.Sprintf("variants[%d].price.currency", i), "must be "+s.currency)
		out[i] = catalog.Variant{SKU: v.GetSku(), Title: v.GetTitle(), Price: v.GetPrice().GetAmount(), Weight: v.GetWeightGrams()}
		for _, o := range v.GetOptions() {
			out[i].Options = append(out[i].Options, catalog.Option{Name: o.GetName(), Value: o.GetValue()})
		}
	}
	return out, check.Err()
}

func imagesOf(images []*catalogv1.Image) []catalog.Image {
	out := make([]catalog.Image, len(images))
	for i, image := range images {
		out[i] = catalog.Image{URL: image.GetUrl(), Alt: image.GetAlt()}
	}
	return out
}

func importedProto(i catalog.Imported) *catalogv1.ImportProductsResponse {
	out := &catalogv1.ImportProductsResponse{
		Products: int32(i.Products), Variants: int32(i.Variants), Created: int32(i.Created), Updated: int32(i.Updated),
	}
	for _, e := range i.Errors {
		out.Errors = append(out.Errors, &catalogv1.ImportError{Line: int32(e.Line), Message: e.Message})
	}
	for _, s := range i.Stock {
		out.Stock = append(out.Stock, &catalogv1.ImportedStock{Sku: s.SKU, Quantity: s.Quantity})
	}
	return out
}

func soldVariantProto(v catalog.SoldVariant) *catalogv1.SoldVariant {
	out := &catalogv1.SoldVariant{
		Variant: variantProto(v.Variant, v.Currency), ProductId: v.ProductID, ProductTitle: v.ProductTitle, ProductSlug: v.ProductSlug,
	}
	if v.Image != nil {
		out.Image = &catalogv1.Image{Url: v.Image.URL, Alt: v.Image.Alt}
	}
	return out
}
