package grpcapi_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	catalogv1 "souk/proto/gen/souk/catalog/v1"
	moneyv1 "souk/proto/gen/souk/money/v1"

	"souk/platform/rpc"
)

// offered returns a lamp whose first variant has everything.
func offered() *catalogv1.ProductInput {
	in := lamp()
	in.Seo = &catalogv1.Seo{Title: "Brass lamp", Description: "By hand"}
	in.Variants[0].CompareAtPrice, in.Variants[0].Barcode = pounds(1200), new("4006381333931")
	in.Variants[0].Image = &catalogv1.Image{Url: "https://img.example/large.jpg", Alt: "A large lamp", Width: 640, Height: 480}
	return in
}

func TestAnOfferIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	b := setup(t)
	in := offered()
	created := b.create(t, in)
	got, err := b.GetProduct(t.Context(), &catalogv1.GetProductRequest{IdOrSlug: "lamp"})
	if err != nil || !proto.Equal(got.GetProduct(), created) {
		t.Fatalf("got %v, %v; want %v", got.GetProduct(), err, created)
	}
	if !proto.Equal(created.GetSeo(), in.GetSeo()) || !proto.Equal(created.GetVariants()[0], in.GetVariants()[0]) {
		t.Errorf("created %v, want %v", created, in)
	}
	reduced, err := b.UpdateProduct(b.Staff(t), &catalogv1.UpdateProductRequest{
		Id: created.GetId(), Seo: &catalogv1.SeoChange{Description: new("")}, Variants: &catalogv1.VariantList{Variants: []*catalogv1.Variant{
			{Sku: "L", Price: pounds(800), CompareAtPrice: pounds(1000), Barcode: new(""), Image: &catalogv1.Image{Url: "https://img.example/new.jpg"}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	v := reduced.GetProduct().GetVariants()[0]
	if v.GetLowestPrice().GetAmount() != 900 || v.GetCompareAtPrice().GetAmount() != 1000 || v.Barcode != nil ||
		v.GetImage().GetUrl() != "https://img.example/new.jpg" || reduced.GetProduct().GetSeo().GetTitle() != "Brass lamp" || reduced.GetProduct().GetSeo().GetDescription() != "" {
		t.Errorf("%v", reduced.GetProduct())
	}
	in = offered()
	in.Variants[1].CompareAtPrice = &moneyv1.Money{Amount: 1000, Currency: "EUR"}
	_, err = b.CreateProduct(b.Staff(t), &catalogv1.CreateProductRequest{Product: in})
	if blamed := rpc.Violations(err); len(blamed) != 1 || blamed[0].Field != "variants[1].compare_at_price.currency" {
		t.Errorf("a foreign currency: %v", err)
	}
}

func TestACallerOfAVersionBeforeLosesNothingOfAnOffer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := b.create(t, offered())
	update := func(price int64) *catalogv1.Variant {
		t.Helper()
		changed, err := b.UpdateProduct(b.Staff(t), &catalogv1.UpdateProductRequest{
			Id: p.GetId(), Variants: &catalogv1.VariantList{Variants: []*catalogv1.Variant{{Sku: "L", Price: pounds(price)}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		return changed.GetProduct().GetVariants()[0]
	}
	v := update(1000)
	if v.GetCompareAtPrice().GetAmount() != 1200 || v.GetBarcode() == "" || v.GetImage().GetAlt() != "A large lamp" {
		t.Errorf("%v", v)
	}
	if v = update(1200); v.CompareAtPrice != nil || v.LowestPrice != nil || v.GetBarcode() == "" {
		t.Errorf("after a price as high as the compare-at price: %v", v)
	}
}
