package grpcapi

import (
	catalogv1 "souk/proto/gen/souk/catalog/v1"
	moneyv1 "souk/proto/gen/souk/money/v1"

	"souk/platform/field"

	"souk/services/catalog/internal/catalog"
)

// offerProto sets the fields that only some variants have: the reduction, the barcode and the image.
func offerProto(out *catalogv1.Variant, v catalog.Variant, currency string) {
	if v.CompareAt != nil {
		out.CompareAtPrice = &moneyv1.Money{Amount: *v.CompareAt, Currency: currency}
	}
	if v.LowestPrice != nil {
		out.LowestPrice = &moneyv1.Money{Amount: *v.LowestPrice, Currency: currency}
	}
	if v.Barcode != "" {
		out.Barcode = &v.Barcode
	}
	if v.Image != nil {
		out.Image = imageProto(*v.Image)
	}
}

// setOffer is the reverse of offerProto, without the lowest price, which nobody can set.
func setOffer(to *catalog.Variant, v *catalogv1.Variant) {
	if v.CompareAtPrice != nil {
		to.CompareAt = new(v.GetCompareAtPrice().GetAmount())
	}
	to.Barcode = v.GetBarcode()
	to.Image = imageOf(v.GetImage())
}

// keepOffer sets what the request says nothing about as it was before. A compare-at price that is not above the new price ends.
func keepOffer(to *catalog.Variant, asked *catalogv1.Variant, before catalog.Variant) {
	if asked.CompareAtPrice == nil && before.CompareAt != nil && *before.CompareAt > to.Price {
		to.CompareAt = before.CompareAt
	}
	if asked.Barcode == nil {
		to.Barcode = before.Barcode
	}
	if asked.Image == nil {
		to.Image = before.Image
	}
}

func imageOf(image *catalogv1.Image) *catalog.Image {
	if image == nil {
		return nil
	}
	return &catalog.Image{URL: image.GetUrl(), Alt: image.GetAlt(), Width: int(image.GetWidth()), Height: int(image.GetHeight())}
}

func imageProto(image catalog.Image) *catalogv1.Image {
	return &catalogv1.Image{Url: image.URL, Alt: image.Alt, Width: int32(image.Width), Height: int32(image.Height)}
}

func seoProto(seo catalog.SEO) *catalogv1.Seo {
	if seo == (catalog.SEO{}) {
		return nil
	}
	return &catalogv1.Seo{Title: seo.Title, Description: seo.Description}
}

// checkCurrency records a violation unless a price is in the shop's currency.
func (s *Server) checkCurrency(check *field.Checker, path string, price *moneyv1.Money) {
	check.Check(price.GetCurrency() == s.currency, path+".currency", "must be "+s.currency)
}
