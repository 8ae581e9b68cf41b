package handler

import (
	"cmp"
	"context"
	"maps"
	"slices"

	catalogv1 "souk/proto/gen/souk/catalog/v1"

	"souk/gateway/internal/api"
)

// productViews combines products from catalog with levels from inventory.
func (h *Handler) productViews(ctx context.Context, products []*catalogv1.Product) []api.Product {
	levels := h.levelsOf(ctx, products)
	return views(products, func(p *catalogv1.Product) api.Product { return productView(p, levels) })
}

// levelsOf returns the levels of the variants of products.
func (h *Handler) levelsOf(ctx context.Context, products []*catalogv1.Product) levels {
	var pieces []wanted
	for _, p := range products {
		for _, v := range p.GetVariants() {
			pieces = append(pieces, wanted{v.GetSku(), 1})
		}
	}
	return h.levels(ctx, pieces)
}

func (h *Handler) productView(ctx context.Context, p *catalogv1.Product) api.Product {
	return h.productViews(ctx, []*catalogv1.Product{p})[0]
}

func productView(p *catalogv1.Product, levels levels) api.Product {
	tags := p.GetTags()
	if tags == nil {
		tags = []string{}
	}
	return api.Product{
		Id: p.GetId(), Slug: p.GetSlug(), Title: p.GetTitle(), Description: p.GetDescription(), Brand: p.GetBrand(),
		Category: p.GetCategory(), Tags: tags, UpdatedAt: p.GetUpdatedAt().AsTime(),
		Status: productStatusView(p.GetStatus()), PublishAt: timeView(p.GetPublishAt()),
		Price:  api.PriceRange{Min: moneyView(p.GetMinPrice()), Max: moneyView(p.GetMaxPrice())},
		Images: views(p.GetImages(), imageView), Seo: seoView(p.GetSeo()),
		Variants: views(p.GetVariants(), func(v *catalogv1.Variant) api.Variant { return variantView(v, levels) }),
	}
}

func variantView(v *catalogv1.Variant, levels levels) api.Variant {
	view := api.Variant{
		Sku: v.GetSku(), Title: v.GetTitle(), Options: optionsView(v.GetOptions()), Price: moneyView(v.GetPrice()),
		WeightGrams: v.GetWeightGrams(), Availability: levels.of(v, 1), Inventory: inventoryView(v.GetStockRule()),
	}
	viewOffer(&view, v)
	return view
}

func inventoryView(rule *catalogv1.StockRule) api.VariantInventory {
	view := api.VariantInventory{Tracked: !rule.GetUntracked(), Policy: api.InventoryPolicyDeny}
	if rule.GetContinueSelling() {
		view.Policy = api.InventoryPolicyContinue
	}
	return view
}

func stockRuleProto(i *api.VariantInventoryInput) *catalogv1.StockRule {
	if i == nil {
		return nil
	}
	return &catalogv1.StockRule{Untracked: i.Tracked != nil && !*i.Tracked, ContinueSelling: value(i.Policy) == api.InventoryPolicyContinue}
}

func variantProto(v api.VariantInput) *catalogv1.Variant {
	variant := &catalogv1.Variant{
		Sku: v.Sku, Title: value(v.Title), Price: moneyProto(v.Price), WeightGrams: value(v.WeightGrams),
		StockRule: stockRuleProto(v.Inventory), Options: optionProtos(value(v.Options)),
		CompareAtPrice: optionalMoney(v.CompareAtPrice), Barcode: v.Barcode,
	}
	if v.Image != nil {
		variant.Image = imageProto(*v.Image)
	}
	return variant
}

// optionProtos sorts the options, because JSON objects are unordered, so that the order is the same each time.
func optionProtos(options map[string]string) (protos []*catalogv1.Option) {
	for _, name := range slices.Sorted(maps.Keys(options)) {
		protos = append(protos, &catalogv1.Option{Name: name, Value: options[name]})
	}
	return protos
}

func imageProto(i api.ImageInput) *catalogv1.Image {
	return &catalogv1.Image{Url: i.Url, Alt: value(i.Alt), Width: value(i.Width), Height: value(i.Height)}
}

func facetViews(page *catalogv1.ListProductsResponse, wanted bool) *[]api.Facet {
	if !wanted {
		return nil
	}
	facets := views(page.GetFacets(), func(f *catalogv1.Facet) api.Facet {
		return api.Facet{Field: api.FacetField(f.GetField()), Values: facetValueViews(f)}
	})
	return &facets
}

// available reports whether a variant is in stock or might be. While inventory does not answer, all are shown as `unknown`, because an
// empty shop would be worse.
func (l levels) available(v *catalogv1.Variant) bool { return l.of(v, 1) != api.AvailabilityOutOfStock }

func categoryView(c *catalogv1.Category) api.Category {
	return api.Category{
		Slug: c.GetSlug(), Name: c.GetName(), Path: cmp.Or(c.GetPath(), c.GetName()), ProductCount: c.GetProductCount(),
		Children: views(c.GetChildren(), categoryView),
	}
}
