package peers

import (
	"context"

	catalogv1 "souk/proto/gen/souk/catalog/v1"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
)

// What Shopify calls the only variant of a product that comes in just one.
const onlyVariant = "Default Title"

type catalog struct {
	client catalogv1.CatalogServiceClient
}

var _ checkout.Catalog = (*catalog)(nil)

func (c *catalog) Variants(ctx context.Context, skus []string) (map[string]checkout.Variant, error) {
	answer, err := c.client.GetVariants(ctx, &catalogv1.GetVariantsRequest{Skus: skus})
	if err != nil {
		return nil, peerError(err)
	}
	variants := make(map[string]checkout.Variant, len(answer.GetVariants()))
	for _, sold := range answer.GetVariants() {
		v := sold.GetVariant()
		variants[v.GetSku()] = checkout.Variant{
			SKU: v.GetSku(), Title: titleOf(sold), Price: moneyOf(v.GetPrice()), WeightGrams: v.GetWeightGrams(), Origin: originOf(sold),
			StockRule: order.StockRule{Untracked: v.GetStockRule().GetUntracked(), ContinueSelling: v.GetStockRule().GetContinueSelling()},
		}
	}
	return variants, nil
}

func originOf(sold *catalogv1.SoldVariant) order.Origin {
	origin := order.Origin{ProductID: sold.GetProductId(), Slug: sold.GetProductSlug()}
	if image := sold.GetImage(); image != nil {
		origin.Image = &order.Image{URL: image.GetUrl(), Alt: image.GetAlt()}
	}
	for _, o := range sold.GetVariant().GetOptions() {
		origin.Options = append(origin.Options, order.Option{Name: o.GetName(), Value: o.GetValue()})
	}
	return origin
}

// titleOf names what is sold: "Mug - Blue".
func titleOf(sold *catalogv1.SoldVariant) string {
	product, variant := sold.GetProductTitle(), sold.GetVariant().GetTitle()
	switch variant {
	case "", onlyVariant, product:
		return product
	default:
		return product + " - " + variant
	}
}
