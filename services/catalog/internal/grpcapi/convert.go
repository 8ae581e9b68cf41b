package grpcapi

import (
	"fmt"
	"slices"

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
		CategorySlug: catalog.Slugify(p.Category), Seo: seoProto(p.SEO),
		Status: statusProto(p.Status), PublishAt: publishAtProto(p.PublishAt),
	}
	for _, i := range p.Images {
		out.Images = append(out.Images, imageProto(i))
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
	if v.StockRule != (catalog.StockRule{}) {
		out.StockRule = &catalogv1.StockRule{Untracked: v.Untracked, ContinueSelling: v.ContinueSelling}
	}
	offerProto(out, v, currency)
	for _, o := range v.Options {
		out.Options = append(out.Options, &catalogv1.Option{Name: o.Name, Value: o.Value})
	}
	return out
}

func optionFiltersOf(filters []*catalogv1.OptionFilter) (out []catalog.OptionFilter) {
	for _, f := range filters {
		out = append(out, catalog.OptionFilter{Name: f.GetName(), Values: f.GetValues()})
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

func variantFacetsProto(options []catalog.Facet, prices []catalog.PriceRange) (facets []*catalogv1.Facet, ranges []*catalogv1.PriceRange) {
	for _, f := range options {
		facets = append(facets, facetProto(f))
	}
	for _, r := range prices {
		ranges = append(ranges, &catalogv1.PriceRange{Min: r.Min, Max: r.Max, Count: r.Count})
	}
	return facets, ranges
}

// variantsOf reads variants, whose prices must be in the shop's currency.
func (s *Server) variantsOf(variants []*catalogv1.Variant) ([]catalog.Variant, error) {
	var check field.Checker
	out := make([]catalog.Variant, len(variants))
	for i, v := range variants {
		path := fmt.Sprintf("variants[%d]", i)
		s.checkCurrency(&check, path+".price", v.GetPrice())
		if v.CompareAtPrice != nil {
			s.checkCurrency(&check, path+".compare_at_price", v.GetCompareAtPrice())
		}
		out[i] = catalog.Variant{SKU: v.GetSku(), Title: v.GetTitle(), Price: v.GetPrice().GetAmount(), Weight: v.GetWeightGrams(), StockRule: stockRuleOf(v), Options: optionsOf(v.GetOptions())}
		setOffer(&out[i], v)
	}
	return out, check.Err()
}

func stockRuleOf(v *catalogv1.Variant) catalog.StockRule {
	return catalog.StockRule{Untracked: v.GetStockRule().GetUntracked(), ContinueSelling: v.GetStockRule().GetContinueSelling()}
}

// withUnsaid returns variants with the old values of the fields that the request leaves out, because a caller of the version before does
// not know these fields.
func withUnsaid(variants []catalog.Variant, asked []*catalogv1.Variant, before []catalog.Variant) []catalog.Variant {
	bySKU := map[string]catalog.Variant{}
	for _, v := range before {
		bySKU[v.SKU] = v
	}
	variants = slices.Clone(variants)
	for i, v := range asked {
		known := bySKU[v.GetSku()]
		if v.GetStockRule() == nil {
			variants[i].StockRule = known.StockRule
		}
		keepOffer(&variants[i], v, known)
	}
	return variants
}

func imagesOf(images []*catalogv1.Image) []catalog.Image {
	out := make([]catalog.Image, len(images))
	for i, image := range images {
		out[i] = *imageOf(image)
	}
	return out
}

func importedProto(i catalog.Imported) *catalogv1.ImportProductsResponse {
	out := &catalogv1.ImportProductsResponse{
		Products: int32(i.Products), Variants: int32(i.Variants), Created: int32(i.Created), Updated: int32(i.Updated),
		WithoutQuantity: int32(i.WithoutQuantity), Errors: problemsProto(i.Errors), Warnings: problemsProto(i.Warnings),
	}
	for _, s := range i.Stock {
		out.Stock = append(out.Stock, &catalogv1.ImportedStock{Sku: s.SKU, Quantity: s.Quantity})
	}
	return out
}

func problemsProto(problems []catalog.Problem) (out []*catalogv1.ImportError) {
	for _, p := range problems {
		out = append(out, &catalogv1.ImportError{
			Line: int32(p.Line), Record: int32(p.Record), Handle: p.Handle, Column: p.Column, Value: p.Value, Message: p.Message,
		})
	}
	return out
}

func soldVariantProto(v catalog.SoldVariant) *catalogv1.SoldVariant {
	out := &catalogv1.SoldVariant{
		Variant: variantProto(v.Variant, v.Currency), ProductId: v.ProductID, ProductTitle: v.ProductTitle, ProductSlug: v.ProductSlug,
	}
	if v.Image != nil {
		out.Image = imageProto(*v.Image)
	}
	return out
}

func treeProto(nodes []*catalog.CategoryNode) (tree []*catalogv1.Category) {
	for _, n := range nodes {
		tree = append(tree, &catalogv1.Category{Slug: n.Slug, Name: n.Name, Path: n.Path, ProductCount: n.Products, Children: treeProto(n.Children)})
	}
	return tree
}
