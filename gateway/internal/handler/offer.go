package handler

import (
	catalogv1 "souk/proto/gen/souk/catalog/v1"
	moneyv1 "souk/proto/gen/souk/money/v1"

	"souk/gateway/internal/api"
)

// viewOffer sets the fields that only some variants have: the reduction, the barcode and the image.
func viewOffer(view *api.Variant, v *catalogv1.Variant) {
	view.Barcode = v.Barcode
	if v.GetCompareAtPrice() != nil {
		view.CompareAtPrice = new(moneyView(v.GetCompareAtPrice()))
	}
	if v.GetLowestPrice() != nil {
		view.LowestPrice30Days = new(moneyView(v.GetLowestPrice()))
	}
	if v.GetImage() != nil {
		view.Image = new(imageView(v.GetImage()))
	}
}

func imageView(i *catalogv1.Image) api.Image {
	return api.Image{Url: i.GetUrl(), Alt: i.GetAlt(), Width: optional(i.GetWidth()), Height: optional(i.GetHeight())}
}

func seoView(seo *catalogv1.Seo) *api.Seo {
	if seo == nil {
		return nil
	}
	return &api.Seo{Title: seo.GetTitle(), Description: seo.GetDescription()}
}

func seoProto(seo *api.SeoInput) *catalogv1.Seo {
	if seo == nil {
		return nil
	}
	return &catalogv1.Seo{Title: value(seo.Title), Description: value(seo.Description)}
}

func optionalMoney(price *api.Money) *moneyv1.Money {
	if price == nil {
		return nil
	}
	return moneyProto(*price)
}
